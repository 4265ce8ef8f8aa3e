-- orchestrator.refuse_node_ddl: event trigger: what runs as the nodes' role changes no schema.
-- That role owns the functions behind the guards, and a trigger of a user's table that a node writes to runs as that
-- role too: without this it could drop a guard. Runs as the caller on purpose: it asks who that is.
create or replace function orchestrator.refuse_node_ddl()
    returns event_trigger
    language plpgsql volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    if current_user = 'orchestrator_runner' then
        raise exception using
            errcode = 'WF403',
            message = format('workflows may not execute %s', tg_tag),
            hint = 'Nodes read and write records; a schema is changed by its owner.';
    end if;
end
$$;
comment on function orchestrator.refuse_node_ddl() is 'event trigger: the role that runs nodes changes no schema';

drop event trigger if exists orchestrator_no_ddl;
create event trigger orchestrator_no_ddl on ddl_command_start execute function orchestrator.refuse_node_ddl();
alter event trigger orchestrator_no_ddl enable always;
comment on event trigger orchestrator_no_ddl is 'pg-orchestrator: nodes change no schema';
