-- orchestrator.password_of: the hash to check a signed-in user's password against
create or replace function orchestrator.password_of(p_user_id bigint)
returns text
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select u.password from orchestrator.users u where u.id = p_user_id
$$;
comment on function orchestrator.password_of(bigint) is 'for the API: the hash of a user''s password';
