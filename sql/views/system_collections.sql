-- Our own tables as the HTTP API reads them: one view a resource, its columns named as on the wire (api/system.py).
-- The API's logins have no right on the tables themselves, and passwords and keys are in no view.

create or replace view orchestrator.api_workflows as
    select
        w.id,
        w.key,
        w.title,
        w.description,
        w.type,
        w.trigger_title as "triggerTitle",
        w.config,
        w.enabled,
        w.current,
        w.sync,
        w.invalid,
        w.options,
        w.executed,
        w.all_executed as "allExecuted",
        w.created_by_id as "createdById",
        w.updated_by_id as "updatedById",
        w.created_at as "createdAt",
        w.updated_at as "updatedAt"
    from orchestrator.workflows w;
comment on view orchestrator.api_workflows is 'resource workflows of the HTTP API';

create or replace view orchestrator.api_flow_nodes as
    select
        n.id,
        n.key,
        n.title,
        n.workflow_id as "workflowId",
        n.type,
        n.config,
        n.upstream_id as "upstreamId",
        n.downstream_id as "downstreamId",
        n.branch_index as "branchIndex",
        n.created_at as "createdAt",
        n.updated_at as "updatedAt"
    from orchestrator.flow_nodes n;
comment on view orchestrator.api_flow_nodes is 'resource flow_nodes of the HTTP API';

create or replace view orchestrator.api_executions as
    select
        e.id,
        e.workflow_id as "workflowId",
        e.key,
        e.event_key as "eventKey",
        e.context,
        e.status::smallint as status,
        e.reason,
        e.dispatched,
        e.manually,
        e.parent_execution_id as "parentExecutionId",
        e.stack,
        e.output,
        e.started_at as "startedAt",
        e.expires_at as "expiresAt",
        e.created_at as "createdAt",
        e.updated_at as "updatedAt"
    from orchestrator.executions e;
comment on view orchestrator.api_executions is 'resource executions of the HTTP API';

create or replace view orchestrator.api_jobs as
    select
        j.id,
        j.execution_id as "executionId",
        j.node_id as "nodeId",
        j.node_key as "nodeKey",
        j.upstream_id as "upstreamId",
        j.status,
        j.result,
        j.meta,
        j.log,
        j.started_at as "startedAt",
        j.created_at as "createdAt",
        j.updated_at as "updatedAt"
    from orchestrator.jobs j;
comment on view orchestrator.api_jobs is 'resource jobs of the HTTP API';

create or replace view orchestrator.api_users as
    select
        u.id,
        u.nickname,
        u.username,
        u.email,
        u.phone,
        u.password_change_tz as "passwordChangeTz",
        u.app_lang as "appLang",
        u.system_settings as "systemSettings",
        u.created_by_id as "createdById",
        u.updated_by_id as "updatedById",
        u.created_at as "createdAt",
        u.updated_at as "updatedAt"
    from orchestrator.users u;
comment on view orchestrator.api_users is 'resource users of the HTTP API';

create or replace view orchestrator.api_roles as
    select
        r.name,
        r.title,
        r.description,
        r.strategy,
        r."default",
        r.hidden,
        r.allow_configure as "allowConfigure",
        r.allow_new_menu as "allowNewMenu",
        r.snippets,
        r.created_at as "createdAt",
        r.updated_at as "updatedAt"
    from orchestrator.roles r;
comment on view orchestrator.api_roles is 'resource roles of the HTTP API';

create or replace view orchestrator.api_roles_users as
    select
        ru.user_id as "userId",
        ru.role_name as "roleName",
        ru."default",
        ru.created_at as "createdAt",
        ru.updated_at as "updatedAt"
    from orchestrator.roles_users ru;
comment on view orchestrator.api_roles_users is 'the join table of users and roles for the HTTP API';
