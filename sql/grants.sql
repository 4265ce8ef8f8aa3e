-- Owners and privileges: run last, and again at every upgrade.
-- Tables and functions in trusted languages belong to orchestrator_owner. A PL/Python function belongs to the installing
-- superuser, unless its own file hands it to orchestrator_runner.
do $$
declare
    v_object record;
begin
    for v_object in
        select c.oid::regclass as name, c.relkind
        from pg_catalog.pg_class c
        where c.relnamespace = 'orchestrator'::regnamespace
            and c.relowner <> 'orchestrator_owner'::regrole
            and c.relkind in ('r', 'p', 'v', 'S')
            -- a sequence owned by a column follows its table
            and not exists (
                select from pg_catalog.pg_depend d
                where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and c.relkind = 'S' and d.deptype in ('a', 'i')
            )
    loop
        execute format('alter table %s owner to orchestrator_owner', v_object.name);
    end loop;
    for v_object in
        select p.oid::regprocedure as name
        from pg_catalog.pg_proc p
        join pg_catalog.pg_language l on l.oid = p.prolang
        where p.pronamespace = 'orchestrator'::regnamespace
            and p.proowner <> 'orchestrator_owner'::regrole
            and l.lanpltrusted
            and p.prorettype <> 'event_trigger'::regtype
    loop
        execute format('alter routine %s owner to orchestrator_owner', v_object.name);
    end loop;
end
$$;

revoke all on schema orchestrator, orchestrator_hooks from public;
revoke all on all routines in schema orchestrator from public;
revoke all on all tables in schema orchestrator from public;

grant usage on schema orchestrator, orchestrator_hooks to orchestrator_owner, orchestrator_runner;
grant usage on schema orchestrator to orchestrator_api, orchestrator_admin;

-- administrators see everything but secrets, and publish with plain UPDATE as well as with functions
grant select on
    orchestrator.installation, orchestrator.migrations,
    orchestrator.collections, orchestrator.fields, orchestrator.workflows, orchestrator.flow_nodes,
    orchestrator.programs, orchestrator.plans,
    orchestrator.executions, orchestrator.waiting_jobs, orchestrator.jobs,
    orchestrator.workflow_stats, orchestrator.workflow_version_stats, orchestrator.workers,
    orchestrator.roles, orchestrator.roles_users
    to orchestrator_admin;
grant insert, update, delete on orchestrator.workflows, orchestrator.flow_nodes to orchestrator_admin;

-- definitions
grant usage on orchestrator.workflow_id_seq, orchestrator.flow_node_id_seq to orchestrator_admin;
grant execute on function orchestrator.check_workflow(bigint) to orchestrator_owner;
grant execute on function
    orchestrator.define(jsonb), orchestrator.document(text), orchestrator.diagram(text, text),
    orchestrator.enable(text), orchestrator.disable(text), orchestrator.rollback(text, bigint)
    to orchestrator_admin;
