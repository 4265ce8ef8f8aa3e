-- orchestrator.default_role: the role a user acts in when he names none.
create or replace function orchestrator.default_role(p_user_id bigint)
    returns text
    language plpgsql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    return (select r.role_name
    from orchestrator.roles_users r
    where r.user_id = p_user_id
    order by r."default" is true desc, r.created_at, r.role_name
    limit 1);
end
$$;
comment on function orchestrator.default_role(bigint) is 'role flagged default, else the first one';
