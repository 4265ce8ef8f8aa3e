-- orchestrator roles: all nologin. Roles are global to the server, so several databases may share them.
do $$
declare
    v_role text;
begin
    foreach v_role in array array['orchestrator_owner', 'orchestrator_runner', 'orchestrator_api', 'orchestrator_admin'] loop
        if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
            execute format('create role %I nologin noinherit', v_role);
            execute format('comment on role %I is %L', v_role, 'created by pg-orchestrator');
        end if;
    end loop;
end
$$;
