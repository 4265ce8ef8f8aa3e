-- orchestrator.change_password: another password, if the old one is still what was checked
create or replace function orchestrator.change_password(p_user_id bigint, p_old_hash text, p_new_hash text, p_attempts text)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    update orchestrator.users u
    set password = p_new_hash, updated_at = now(), updated_by_id = p_user_id
    where u.id = p_user_id and u.password = p_old_hash;
    if not found then
        return null;
    end if;
    perform orchestrator.clear_attempts(p_attempts);
    return orchestrator.user_context(p_user_id)::text;
end
$$;
comment on function orchestrator.change_password(bigint, text, text, text) is
    'for the API: user, old and new hash, the name his attempts are counted under → the user as JSON, null when the old one is not his any more';
