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
