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
            and p.proowner not in ('orchestrator_owner'::regrole, 'orchestrator_runner'::regrole)
            and l.lanpltrusted
            and p.prorettype <> 'event_trigger'::regtype
            -- publishing and taking a table under management create triggers and functions in an untrusted language:
            -- these stay the installing superuser's
            and p.proname not in (
                'publish', 'put_plan', 'write_guards', 'write_before', 'write_close', 'write_truncate', 'write_after',
                'set_firing', 'lock_in_turns', 'lock_patiently', 'attach_statement_triggers', 'attach_row_triggers', 'attach_member', 'attach_dispatcher', 'attach_after', 'attach_close', 'attach_closes',
                'detach_triggers', 'drop_hooks', 'keep_up', 'register_collection', 'unregister_collection', 'manage', 'unmanage',
                'change_collection', 'take_collection', 'attach_filler', 'detach_fillers'
            )
    loop
        execute format('alter routine %s owner to orchestrator_owner', v_object.name);
    end loop;
    -- a table's owner can have these run code of his: triggers of the table, checks of a column's domain
    for v_object in
        select p.oid::regprocedure as name
        from pg_catalog.pg_proc p
        where p.pronamespace = 'orchestrator'::regnamespace
            and p.proname in ('touch_column', 'next_sort', 'draw_letters', 'hash_column', 'refuse_cycle', 'reset_others')
    loop
        execute format('alter routine %s owner to orchestrator_runner', v_object.name);
    end loop;
end
$$;

revoke all on schema orchestrator, orchestrator_hooks from public;
revoke all on all routines in schema orchestrator from public;
revoke all on all tables in schema orchestrator from public;

-- Our owner calls all of ours: its SECURITY DEFINER functions are how everybody else gets anywhere.
grant execute on all routines in schema orchestrator to orchestrator_owner;

grant usage on schema orchestrator, orchestrator_hooks to orchestrator_runner;
grant usage on schema orchestrator to orchestrator_api, orchestrator_admin;

-- what runs inside a write: generated triggers and the engine
grant execute on function
    orchestrator.load_engine, orchestrator.result, orchestrator.enforce,
    orchestrator.load_plan, orchestrator.pin_statement, orchestrator.plan_in_snapshot, orchestrator.load_program, orchestrator.bound_programs,
    orchestrator.actor, orchestrator.is_api_login, orchestrator.default_role, orchestrator.user_context,
    orchestrator.read_environment, orchestrator.current_time,
    orchestrator.catalog, orchestrator.catalog_revision, orchestrator.statement,
    orchestrator.next_execution_id, orchestrator.record_executions, orchestrator.record_run, orchestrator.record_runs,
    orchestrator.wake, orchestrator.enqueue, orchestrator.follow,
    orchestrator.claim_executions, orchestrator.finish_executions, orchestrator.begin_by_hand, orchestrator.claim_waiting, orchestrator.invoke_queue
    to orchestrator_runner;
grant execute on function orchestrator.begin_version, orchestrator.claim_started to orchestrator_runner;

-- whom records belong to: without secrets
grant select on orchestrator.api_users, orchestrator.api_roles, orchestrator.api_roles_users to orchestrator_runner;

-- workers
grant execute on function
    orchestrator.register_worker, orchestrator.retire_worker, orchestrator.sweep_workers,
    orchestrator.fall_asleep, orchestrator.get_up, orchestrator.set_fence, orchestrator.fence_passed,
    orchestrator.run_executions, orchestrator.run_execution, orchestrator.lock_suspects, orchestrator.suspect_execution,
    orchestrator.abort_expired, orchestrator.seconds_to_expiry, orchestrator.unpark_executions, orchestrator.fold_counts, orchestrator.forget_statements,
    orchestrator.attach_waiting,
    orchestrator.current_time
    to orchestrator_api;

-- the HTTP API
grant execute on function
    orchestrator.sign_in_account, orchestrator.app_key, orchestrator.catalog,
    orchestrator.catalog_revision, orchestrator.act,
    orchestrator.run, orchestrator.resume, orchestrator.cancel
    to orchestrator_api;
grant select on
    orchestrator.api_workflows, orchestrator.api_flow_nodes, orchestrator.api_executions, orchestrator.api_jobs,
    orchestrator.api_users, orchestrator.api_roles, orchestrator.api_roles_users
    to orchestrator_api;
grant execute on function orchestrator.change_collection to orchestrator_api;
grant select on
    orchestrator.api_collections, orchestrator.api_fields,
    orchestrator.api_collection_categories, orchestrator.api_collection_category_relations
    to orchestrator_api;
grant execute on function orchestrator.sort_columns, orchestrator.hash_password to orchestrator_runner;
grant execute on function orchestrator.password_matches to orchestrator_runner, orchestrator_api, orchestrator_admin;
grant execute on function orchestrator.administer to orchestrator_api;
grant select on
    orchestrator.api_workflow_stats, orchestrator.api_workflow_version_stats,
    orchestrator.api_workflow_categories, orchestrator.api_workflow_category_relations
    to orchestrator_api;
grant select on
    orchestrator.api_data_sources_roles, orchestrator.api_data_sources_roles_resources,
    orchestrator.api_data_sources_roles_resources_actions, orchestrator.api_data_sources_roles_resources_scopes,
    orchestrator.api_roles_collections
    to orchestrator_api;
grant update on sequence orchestrator.flush to orchestrator_api;

-- the HTTP API: sessions and accounts
grant execute on function
    orchestrator.begin_attempt, orchestrator.open_session, orchestrator.renew_session, orchestrator.token_state, orchestrator.end_session,
    orchestrator.api_key_terms, orchestrator.keep_api_key, orchestrator.delete_api_keys,
    orchestrator.sign_up_account, orchestrator.update_profile, orchestrator.password_of, orchestrator.change_password,
    orchestrator.reset_is_open, orchestrator.reset_password,
    orchestrator.identity_setting, orchestrator.save_identity_setting,
    orchestrator.public_authenticators, orchestrator.authenticator_options,
    orchestrator.save_authenticator, orchestrator.delete_authenticators
    to orchestrator_api;
grant select on orchestrator.api_authenticators, orchestrator.api_api_keys to orchestrator_api;

-- what roles may do
grant execute on function orchestrator.access_revision, orchestrator.access_document to orchestrator_api, orchestrator_runner;

-- administrators publish with plain UPDATE as well as with functions, and see everything but secrets
grant execute on function
    orchestrator.define, orchestrator.document, orchestrator.diagram, orchestrator.manage, orchestrator.unmanage,
    orchestrator.enable, orchestrator.disable, orchestrator.rollback, orchestrator.run, orchestrator.resume, orchestrator.cancel, orchestrator.run_executions,
    orchestrator.attach_waiting
    to orchestrator_admin;
grant select on
    orchestrator.installation, orchestrator.migrations,
    orchestrator.collections, orchestrator.fields, orchestrator.workflows, orchestrator.flow_nodes,
    orchestrator.programs, orchestrator.plans,
    orchestrator.executions, orchestrator.waiting_jobs, orchestrator.jobs, orchestrator.hooks,
    orchestrator.workflow_stats, orchestrator.workflow_version_stats, orchestrator.workers,
    orchestrator.workflow_categories, orchestrator.workflow_category_relations,
    orchestrator.collection_categories, orchestrator.collection_category_relations,
    orchestrator.roles, orchestrator.roles_users,
    orchestrator.data_sources_roles, orchestrator.data_sources_roles_resources,
    orchestrator.data_sources_roles_resources_actions, orchestrator.data_sources_roles_resources_scopes
    to orchestrator_admin;
grant insert, update, delete on orchestrator.workflows, orchestrator.flow_nodes to orchestrator_admin;
grant usage on sequence orchestrator.workflow_id_seq, orchestrator.flow_node_id_seq to orchestrator_admin;
