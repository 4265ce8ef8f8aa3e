-- orchestrator.user_context: a user as workflows see him
create or replace function orchestrator.user_context(p_id bigint)
    returns jsonb
    language plpgsql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    -- PL/pgSQL keeps the plan
    return (select u.context::jsonb from orchestrator.users u where u.id = p_id);
end
$$;
comment on function orchestrator.user_context(bigint) is 'the user record of $context.user';
