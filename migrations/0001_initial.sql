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
-- orchestrator: our tables and functions. orchestrator_hooks: what publishing generates, one set of functions per managed table.
create schema orchestrator authorization orchestrator_owner;
comment on schema orchestrator is 'pg-orchestrator: workflows that guard and follow every write';
create schema orchestrator_hooks authorization orchestrator_owner;
comment on schema orchestrator_hooks is 'pg-orchestrator: functions generated for managed tables; written by publishing alone';
-- Definition: what was drawn and what it was compiled to. Nothing here is written by a user's write.

create table orchestrator.installation (
    singleton boolean primary key default true constraint installation_is_one_row check (singleton),
    version text not null,
    package_path text not null,
    -- an uninstall takes plpython3u with it only when the installation brought it
    created_language boolean not null default false,
    installed_at timestamptz not null default now(),
    upgraded_at timestamptz not null default now()
);
comment on table orchestrator.installation is 'which version this schema is, and where the server finds the Python package';

create table orchestrator.migrations (
    name text primary key,
    applied_at timestamptz not null default now()
);
comment on table orchestrator.migrations is 'files of migrations/ that this schema has seen';

-- stamped on a collection when its fields are read again
create sequence orchestrator.collection_revision_seq as bigint;
create table orchestrator.collections (
    name text primary key,
    key text not null unique default substr(md5(gen_random_uuid()::text), 1, 11),
    title text,
    -- a regclass: a rename of the table changes nothing here, and a dump carries its name to where it has another oid
    table_oid regclass not null unique,
    -- its table was created through the API and goes with it
    created boolean not null default false,
    mode text not null default 'always' constraint collections_mode_is_known check (mode in ('always', 'origin')),
    filter_target_key jsonb,
    options jsonb not null default '{}',
    revision bigint not null default nextval('orchestrator.collection_revision_seq'),
    -- the plan that the generated functions carry; null until something was published
    plan_id bigint,
    -- columns that workflows may still read and that were dropped or renamed
    gone_columns text[] not null default '{}',
    -- the table's columns and constraints when they were last read
    seen_columns jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
alter sequence orchestrator.collection_revision_seq owned by orchestrator.collections.revision;
comment on table orchestrator.collections is 'tables under management';
comment on column orchestrator.collections.filter_target_key is 'primary key column, list of columns, or null';

create table orchestrator.catalog_state (
    singleton boolean primary key default true constraint catalog_state_is_one_row check (singleton),
    -- microseconds since 1970 or more: no two installations have the same ones
    revision bigint not null default 0
);
comment on table orchestrator.catalog_state is 'which revision collections and fields are at; see announce_catalog()';
insert into orchestrator.catalog_state default values;

create table orchestrator.fields (
    key text primary key default substr(md5(gen_random_uuid()::text), 1, 11),
    collection_name text not null references orchestrator.collections (name) on update cascade on delete cascade,
    name text not null,
    type text not null,
    interface text,
    -- column fields: attnum of the column, so that a rename keeps the field; associations: null
    attnum smallint,
    options jsonb not null default '{}',
    -- what somebody declared through the API, as he said it
    definition jsonb,
    sort integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint fields_name_is_unique unique (collection_name, name)
);
comment on table orchestrator.fields is 'columns and associations of collections';
comment on column orchestrator.fields.options is 'associations: target, foreignKey, sourceKey, targetKey, through, otherKey; columns: primaryKey, allowNull, hidden, …';

create sequence orchestrator.workflow_id_seq as bigint;
create table orchestrator.workflows (
    id bigint primary key default nextval('orchestrator.workflow_id_seq'),
    key text not null,
    title text,
    description text,
    type text not null,
    trigger_title text,
    config jsonb not null default '{}',
    enabled boolean not null default false,
    -- true or null, never false: the unique index below allows one current version a key
    current boolean,
    sync boolean not null default false,
    invalid boolean not null default false,
    options jsonb not null default '{"timeout": 0}',
    executed integer not null default 0,
    all_executed integer not null default 0,
    created_by_id bigint,
    updated_by_id bigint,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint workflows_current_is_true_or_null check (current),
    constraint workflows_enabled_is_current check (not enabled or current is true)
);
alter sequence orchestrator.workflow_id_seq owned by orchestrator.workflows.id;
create unique index workflows_one_current_a_key on orchestrator.workflows (key, current);
comment on table orchestrator.workflows is 'one row a version; key is the lineage, id the version';

create sequence orchestrator.flow_node_id_seq as bigint;
create table orchestrator.flow_nodes (
    id bigint primary key default nextval('orchestrator.flow_node_id_seq'),
    key text not null,
    title text,
    workflow_id bigint not null references orchestrator.workflows (id) on delete cascade,
    type text not null,
    config jsonb not null default '{}',
    upstream_id bigint references orchestrator.flow_nodes (id) on delete set null deferrable initially deferred,
    downstream_id bigint references orchestrator.flow_nodes (id) on delete set null deferrable initially deferred,
    branch_index integer,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint flow_nodes_key_is_unique_in_workflow unique (workflow_id, key)
);
alter sequence orchestrator.flow_node_id_seq owned by orchestrator.flow_nodes.id;
create index flow_nodes_upstream on orchestrator.flow_nodes (upstream_id);
create index flow_nodes_downstream on orchestrator.flow_nodes (downstream_id);
comment on table orchestrator.flow_nodes is 'the graph of a version: main line doubly linked, branch heads by upstream_id and branch_index';

create table orchestrator.workflow_categories (
    id bigint generated by default as identity primary key,
    title text,
    color text not null default 'default',
    sort integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table orchestrator.workflow_categories is 'what workflows are filed under';

create table orchestrator.workflow_category_relations (
    workflow_id bigint not null references orchestrator.workflows (id) on delete cascade,
    category_id bigint not null references orchestrator.workflow_categories (id) on delete cascade,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (workflow_id, category_id)
);
create index workflow_category_relations_category on orchestrator.workflow_category_relations (category_id);
comment on table orchestrator.workflow_category_relations is 'which version is filed under which category';

create table orchestrator.programs (
    id bigint generated always as identity primary key,
    workflow_id bigint not null,
    -- compiled text, immutable: a changed workflow gets a new row
    program jsonb not null,
    created_at timestamptz not null default now()
);
create index programs_workflow on orchestrator.programs (workflow_id, id);
comment on table orchestrator.programs is 'compiled workflows; immutable, older ones stay readable for statements and executions that began on them';

create table orchestrator.plans (
    id bigint generated always as identity primary key,
    collection_name text not null,
    table_oid regclass not null,
    plan jsonb not null,
    -- what the generated functions were written from
    hooks jsonb not null,
    created_at timestamptz not null default now()
);
create index plans_table on orchestrator.plans (table_oid, id);
comment on table orchestrator.plans is 'what runs at each event of a table; immutable, the generated functions carry the id';

create table orchestrator.compiled_statements (
    shape text primary key,
    statement jsonb not null,
    created_at timestamptz not null default now()
);
comment on table orchestrator.compiled_statements is 'SQL compiled from filters and values, by shape; emptied when fields change';

create table orchestrator.environment (
    name text primary key,
    value text not null,
    secret boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table orchestrator.environment is 'what {{$env.X}} reads; only the engine can';
-- Execution: what ran, what waits. The outbox, the queue and the history are one table.

create sequence orchestrator.execution_id_seq as bigint;
-- null queueing, 0 started, 1 resolved, -1 failed, -2 error, -3 aborted, -4 canceled, -5 rejected, -6 retry needed
-- a domain, because a session keeps what it checks; a CHECK of the table is read and planned anew by every statement
create domain orchestrator.execution_status as smallint constraint execution_status_is_known check (value between -6 and 1);
create table orchestrator.executions (
    -- a queued row gets a second entry when it is finished: with room for that, no page is searched for dead ones
    id bigint primary key with (fillfactor = 70) default nextval('orchestrator.execution_id_seq'),
    workflow_id bigint not null,
    key text not null,
    event_key text,
    -- json, not jsonb: written once for every write that is judged, and read rarely; parsing jsonb costs more than storing it
    context json,
    status orchestrator.execution_status,
    reason text,
    dispatched boolean not null default false,
    -- queued, but its workflow is disabled: out of the workers' way until it is enabled again
    parked boolean not null default false,
    manually boolean,
    parent_execution_id bigint,
    stack jsonb,
    output jsonb,
    -- finished jobs, in order: [{"n", "nodeId", "nodeKey", "upstreamId", "status", "result", "meta", "log", "startedAt"}]; waiting ones are rows of waiting_jobs
    jobs json,
    attempts smallint not null default 0,
    started_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
alter sequence orchestrator.execution_id_seq owned by orchestrator.executions.id;
-- whatever is not over, since every index costs every write: what is queued by id, what is parked by key, what waits by the end of its time.
-- status leads so that only this index gives the claim its order: with stale statistics the primary key, and so the whole history, would look as cheap
create index executions_open on orchestrator.executions (status, (case when parked then key end), expires_at, id) where status is null or status = 0;
create unique index executions_event_key on orchestrator.executions (event_key) where event_key is not null;
create index executions_parent on orchestrator.executions (parent_execution_id) where parent_execution_id is not null;
comment on table orchestrator.executions is 'one row a run of a workflow: outbox, queue and history';
-- the queue's head is updated and re-read all the time: vacuum it early, leave room for HOT updates
alter table orchestrator.executions set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 2000);

create table orchestrator.waiting_jobs (
    -- execution_id * 2^20 + n
    id bigint primary key,
    execution_id bigint not null references orchestrator.executions (id) on delete cascade,
    node_id bigint not null,
    node_key text not null,
    upstream_id bigint,
    status smallint not null default 0,
    result jsonb,
    meta jsonb,
    log text,
    started_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index waiting_jobs_execution on orchestrator.waiting_jobs (execution_id);
comment on table orchestrator.waiting_jobs is 'jobs that wait for somebody; finished ones are kept with their execution (see the view jobs)';

create view orchestrator.jobs with (security_barrier) as
    select
        e.id * 1048576 + (j.value ->> 'n')::bigint as id,
        e.id as execution_id,
        (j.value ->> 'nodeId')::bigint as node_id,
        j.value ->> 'nodeKey' as node_key,
        e.id * 1048576 + (j.value ->> 'upstream')::bigint as upstream_id,
        (j.value ->> 'status')::integer as status,
        (j.value -> 'result')::jsonb as result,
        nullif((j.value -> 'meta')::jsonb, 'null') as meta,
        j.value ->> 'log' as log,
        coalesce((j.value ->> 'startedAt')::timestamptz, e.started_at) as started_at,
        coalesce((j.value ->> 'createdAt')::timestamptz, e.started_at, e.created_at) as created_at,
        coalesce((j.value ->> 'updatedAt')::timestamptz, e.updated_at) as updated_at
    from orchestrator.executions e
    cross join lateral json_array_elements(e.jobs) as j (value)
    union all
    select id, execution_id, node_id, node_key, upstream_id, status, result, meta, log, started_at, created_at, updated_at
    from orchestrator.waiting_jobs;
comment on view orchestrator.jobs is 'one row a node run; id = execution_id * 2^20 + its number in the execution';

create table orchestrator.execution_counts (
    workflow_id bigint not null,
    key text not null,
    executed bigint not null
);
comment on table orchestrator.execution_counts is 'appended by writes, folded into workflow_stats and workflow_version_stats by workers';

create table orchestrator.workflow_stats (
    key text primary key,
    executed bigint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table orchestrator.workflow_stats is 'executions created, all versions of a key (plus what is still in execution_counts)';

create table orchestrator.workflow_version_stats (
    id bigint primary key references orchestrator.workflows (id) on delete cascade,
    executed bigint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table orchestrator.workflow_version_stats is 'executions created of one version (plus what is still in execution_counts)';

create table orchestrator.workers (
    id bigint generated always as identity primary key,
    name text not null,
    -- null while awake; a worker that died asleep stops being notified then
    sleeps_until timestamptz,
    seen_at timestamptz not null default now(),
    started_at timestamptz not null default now()
);
comment on table orchestrator.workers is 'live workers; while one sleeps, a write that queues something notifies';
-- the latest sleeps_until as Unix seconds, 0 while nobody sleeps. A sequence, because writers read it outside their snapshots and without a query.
create sequence orchestrator.wake_until as bigint minvalue 0 start 0;
select setval('orchestrator.wake_until', 0);
comment on sequence orchestrator.wake_until is 'until when a sleeping worker wants to be notified; written by workers alone';

create type orchestrator.outcome as (
    answer text,
    verdict text,
    workflow_id bigint,
    key text,
    status smallint,
    context json,
    jobs json,
    at timestamptz
);
comment on type orchestrator.outcome is 'what came of a request: an answer and an execution to be written, or a verdict; see carry_out()';
-- Identity: who may sign in, and which database login is which user.

create table orchestrator.users (
    id bigint generated by default as identity primary key,
    nickname text,
    username text unique,
    email text unique,
    phone text,
    password text,
    password_change_tz bigint,
    app_lang text,
    system_settings jsonb not null default '{}',
    -- plain SQL written by this login is this user's
    db_role name unique,
    -- who names no role acts in all of his together, where the role mode allows that
    union_by_default boolean not null default false,
    created_by_id bigint,
    updated_by_id bigint,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- the user as workflows see him, written by a trigger
    context json not null
);
comment on table orchestrator.users is 'people and programs; password is an Argon2 hash';

create table orchestrator.roles (
    name text primary key,
    title text,
    description text,
    strategy jsonb,
    "default" boolean not null default false,
    hidden boolean not null default false,
    allow_configure boolean,
    allow_new_menu boolean,
    snippets jsonb not null default '["!pm", "!pm.*", "!ui.*"]',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table orchestrator.roles is 'roles of the application, named in X-Role';

create table orchestrator.roles_users (
    user_id bigint not null references orchestrator.users (id) on delete cascade,
    role_name text not null references orchestrator.roles (name) on update cascade on delete cascade,
    "default" boolean,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (user_id, role_name)
);
create index roles_users_role on orchestrator.roles_users (role_name);
comment on table orchestrator.roles_users is 'which user has which role';

create table orchestrator.signing_keys (
    name text primary key,
    value text not null,
    created_at timestamptz not null default now()
);
comment on table orchestrator.signing_keys is 'keys that sign tokens; read by the API''s functions alone';

insert into orchestrator.roles (name, title, hidden, "default", allow_configure, allow_new_menu, snippets, strategy) values
    ('root', 'Root', true, false, true, true, '["pm", "pm.*", "ui.*"]', null),
    ('admin', 'Admin', false, false, true, true, '["pm", "pm.*", "ui.*"]', '{"actions": ["create", "view", "update", "destroy", "import", "export"]}'),
    ('member', 'Member', false, true, null, false, '["!pm", "!pm.*", "!ui.*"]', '{"actions": ["view:own"]}');
-- Sessions: what a token stands for, and how one gets one.

create table orchestrator.sessions (
    -- of the token that is in use
    jti uuid primary key default gen_random_uuid(),
    user_id bigint not null references orchestrator.users (id) on delete cascade,
    -- Unix milliseconds; every token of the session says so
    signed_in_at bigint not null,
    -- Unix seconds, of the token that is in use
    issued_at bigint not null,
    token_expires_at bigint not null,
    -- the token before, which is worth the one in use for some seconds after the renewal
    renewed_jti uuid unique,
    renewed_at timestamptz,
    -- signed out, or the password changed
    ended_at timestamptz,
    expires_at timestamptz not null
);
create index sessions_user on orchestrator.sessions (user_id);
comment on table orchestrator.sessions is 'one row a sign-in; its token is renewed until it expires, ends or the user is gone';

create table orchestrator.api_keys (
    id bigint generated by default as identity primary key,
    name text,
    user_id bigint not null references orchestrator.users (id) on delete cascade,
    -- no reference: a key whose role is gone says so, and never acts in another
    role_name text not null,
    expires_in text not null,
    expires_at timestamptz,
    -- SHA-256 of the token, which is shown once and kept nowhere
    token_hash bytea not null unique,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index api_keys_user on orchestrator.api_keys (user_id);
comment on table orchestrator.api_keys is 'tokens of programs: a user, a role, an end';

create table orchestrator.authenticators (
    id bigint generated by default as identity primary key,
    name text not null unique,
    auth_type text not null,
    title text,
    description text,
    enabled boolean not null default false,
    -- public: allowSignUp, signupForm; besides: enableResetPassword
    options jsonb not null default '{}' constraint authenticators_options_are_an_object check (jsonb_typeof(options) = 'object'),
    sort bigint,
    created_by_id bigint,
    updated_by_id bigint,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table orchestrator.authenticators is 'ways to sign in, and what each allows; they hold no secret';

create table orchestrator.identity_settings (
    key text primary key,
    config jsonb not null constraint identity_settings_are_objects check (jsonb_typeof(config) = 'object'),
    updated_by_id bigint,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table orchestrator.identity_settings is
    'token-policy-config: how long tokens and sessions live; account: what users may change of their own; roles: the role mode';

create table orchestrator.failed_attempts (
    -- SHA-256 of what was typed: people type passwords into the wrong field
    account bytea not null,
    -- where from; the empty text counts them all
    address text not null,
    -- goes up by one an attempt, and down with time
    level double precision not null,
    at timestamptz not null,
    primary key (account, address)
);
create index failed_attempts_at on orchestrator.failed_attempts (at);
comment on table orchestrator.failed_attempts is 'passwords that were tried of late; a success clears its account';

create table orchestrator.password_resets (
    -- SHA-256 of the token
    token_hash bytea primary key,
    user_id bigint not null references orchestrator.users (id) on delete cascade,
    expires_at timestamptz not null
);
create index password_resets_user on orchestrator.password_resets (user_id);
comment on table orchestrator.password_resets is 'tokens that set a new password, each once';

insert into orchestrator.authenticators (name, auth_type, description, enabled, sort, options) values
    ('basic', 'Email/Password', 'Sign in with username/email.', true, 1, '{"public": {"allowSignUp": false}}');
insert into orchestrator.identity_settings (key, config) values
    ('token-policy-config', '{"tokenExpirationTime": "1d", "sessionExpirationTime": "7d", "expiredTokenRenewLimit": "1d"}'),
    ('account', '{"enableEditProfile": true, "enableChangePassword": true}'),
    ('roles', '{"roleMode": "default"}');
-- Access: what roles may do. Without a row here, a role's strategy decides.

create table orchestrator.access_state (
    singleton boolean primary key default true constraint access_state_is_one_row check (singleton),
    revision bigint not null default 0
);
insert into orchestrator.access_state default values;
comment on table orchestrator.access_state is 'which revision permissions are at; see announce_access()';

create table orchestrator.data_sources_roles (
    data_source_key text not null constraint data_sources_roles_main_is_in_roles check (data_source_key <> 'main'),
    role_name text not null references orchestrator.roles (name) on update cascade on delete cascade,
    strategy jsonb,
    primary key (data_source_key, role_name)
);
create index data_sources_roles_role on orchestrator.data_sources_roles (role_name);
comment on table orchestrator.data_sources_roles is 'strategies of roles in other data sources than main, whose are in roles';

create table orchestrator.data_sources_roles_resources_scopes (
    id bigint generated by default as identity primary key,
    key text not null unique default ('s_' || replace(gen_random_uuid()::text, '-', '')),
    data_source_key text not null default 'main',
    name text,
    resource_name text,
    -- a filter; null asks for nothing
    scope jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table orchestrator.data_sources_roles_resources_scopes is 'filters that rows have to meet, by name; "own" and "all" are built in';

create table orchestrator.data_sources_roles_resources (
    id bigint generated by default as identity primary key,
    data_source_key text not null default 'main',
    role_name text not null references orchestrator.roles (name) on update cascade on delete cascade,
    -- of a collection or another resource
    name text not null,
    using_actions_config boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (role_name, data_source_key, name)
);
comment on table orchestrator.data_sources_roles_resources is 'where a role has permissions of its own for a resource, in place of its strategy';

create table orchestrator.data_sources_roles_resources_actions (
    id bigint generated by default as identity primary key,
    roles_resource_id bigint not null references orchestrator.data_sources_roles_resources (id) on delete cascade,
    name text not null,
    -- names of columns and relations; null for all
    fields jsonb constraint access_fields_are_a_list check (jsonb_typeof(fields) = 'array'),
    -- a scope in use stays: without it every row would be permitted
    scope_id bigint references orchestrator.data_sources_roles_resources_scopes (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (roles_resource_id, name)
);
create index access_actions_scope on orchestrator.data_sources_roles_resources_actions (scope_id);
comment on table orchestrator.data_sources_roles_resources_actions is 'an action that a role may do with a resource, with which fields and rows';

insert into orchestrator.data_sources_roles_resources_scopes (key, name, scope) values
    ('all', '{{t("All records")}}', '{}'),
    ('own', '{{t("Own records")}}', '{"createdById": "{{ ctx.state.currentUser.id }}"}');
