-- orchestrator.password_matches: whether a password is the one that a field of the type password holds.
create or replace function orchestrator.password_matches(p_stored text, p_password text)
    returns boolean
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select orchestrator.result(
        orchestrator.invoke('orchestrator.engine.passwords:verify_text', coalesce(p_stored, ''), coalesce(p_password, ''))
    )::boolean
$$;
comment on function orchestrator.password_matches(text, text) is 'checks a password against a stored one';
