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
    -- finished jobs, in order: [[n, node id, node key, status, result, upstream n, {"meta", "log", "startedAt", "createdAt", "updatedAt"}]],
    -- shorter where the last are missing; names would be most of a history. Waiting jobs are rows of waiting_jobs.
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
        e.id * 1048576 + (j.value ->> 0)::bigint as id,
        e.id as execution_id,
        (j.value ->> 1)::bigint as node_id,
        j.value ->> 2 as node_key,
        e.id * 1048576 + (j.value ->> 5)::bigint as upstream_id,
        (j.value ->> 3)::integer as status,
        (j.value -> 4)::jsonb as result,
        (j.value #> '{6,meta}')::jsonb as meta,
        j.value #>> '{6,log}' as log,
        coalesce((j.value #>> '{6,startedAt}')::timestamptz, e.started_at) as started_at,
        coalesce((j.value #>> '{6,createdAt}')::timestamptz, e.started_at, e.created_at) as created_at,
        coalesce((j.value #>> '{6,updatedAt}')::timestamptz, e.updated_at) as updated_at
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
