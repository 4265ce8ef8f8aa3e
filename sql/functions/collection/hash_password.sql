-- orchestrator.hash_password: the text that a field of the type password holds.
create or replace function orchestrator.hash_password(p_password text)
    returns text
    language sql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select orchestrator.result(orchestrator.invoke('orchestrator.engine.passwords:hash_text', p_password))
$$;
comment on function orchestrator.hash_password(text) is 'a password as it is stored';
