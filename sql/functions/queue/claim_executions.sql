-- orchestrator.claim_executions(integer, bigint): lock queued executions, oldest first, and return what it takes to run them.
-- A few rows of parallel arrays, since a row an execution costs PL/Python more than running it may. ancestors: {id: workflow id}, a null array when nobody has any;
-- versions: {workflow id: [program id, current options as text]}.
-- Locks last until the transaction ends: nothing is written by a claim, so a worker that dies leaves everything as it was.
-- Rows of disabled workflows met on the way are parked; when fewer were found than asked for, parked rows of enabled ones are put back.
-- p_after: skip ids up to here; a worker that just finished them need not step over their dead versions again.
create or replace function orchestrator.claim_executions(p_max integer, p_after bigint default 0)
returns table (ids bigint[], workflow_ids bigint[], contexts text[], ancestors text[], versions text)
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
-- a batch is small and the history is not: indexes only, whatever the statistics say, and one plan for good
set enable_seqscan = off
set enable_sort = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    v_keys text[];
    v_stacks jsonb;
    v_versions bigint[];
    v_enabled text[];
    v_all_enabled boolean;
    v_found integer;
    v_wanted integer := p_max;
    v_seen bigint[] := '{}';
    v_rounds integer := 0;
begin
    while v_wanted > 0 loop
        select array_agg(q.id), array_agg(q.workflow_id), array_agg(q.key), array_agg(q.context), jsonb_object_agg(q.id, q.stack) filter (where q.stack is not null)
        into ids, workflow_ids, v_keys, contexts, v_stacks
        from (
            select e.id, e.workflow_id, e.key, e.context::text as context, e.stack
            from orchestrator.executions e
            where e.status is null and (case when e.parked then e.key end) is null and e.expires_at is null and e.id > p_after and e.id <> all (v_seen)
            order by e.status, (case when e.parked then e.key end), e.expires_at, e.id
            limit v_wanted
            for update of e skip locked
        ) q;
        v_found := coalesce(cardinality(ids), 0);
        if v_found < v_wanted then
            v_rounds := v_rounds + 1;
        end if;

        if v_found > 0 then
            v_seen := v_seen || ids;
            -- mostly it is one version alone
            if workflow_ids[1] = all (workflow_ids) and v_keys[1] = all (v_keys) then
                v_versions := workflow_ids[1:1];
                v_keys := v_keys[1:1];
            else
                v_versions := workflow_ids;
            end if;
            select jsonb_object_agg(d.workflow_id, jsonb_build_array(d.program_id, d.options)), array_agg(d.key) filter (where d.enabled), bool_and(d.enabled)
            into versions, v_enabled, v_all_enabled
            from (
                select
                    n.workflow_id, n.key,
                    exists (select from orchestrator.workflows c where c.key = n.key and c.current and c.enabled) as enabled,
                    (select max(g.id) from orchestrator.programs g where g.workflow_id = n.workflow_id) as program_id,
                    (select w.options::text from orchestrator.workflows w where w.id = n.workflow_id) as options
                from (select distinct u.workflow_id, u.key from unnest(v_versions, v_keys) u (workflow_id, key)) n
            ) d;
            if not v_all_enabled then
                perform orchestrator.park_executions(ids);
                select array_agg(u.id), array_agg(u.workflow_id), array_agg(u.context)
                into ids, workflow_ids, contexts
                from unnest(ids, workflow_ids, v_keys, contexts) u (id, workflow_id, key, context)
                where u.key = any (v_enabled);
            end if;
            if ids is not null then
                ancestors := null;
                if v_stacks is not null then
                    select array_agg((
                        select jsonb_object_agg(a.id, a.workflow_id)::text
                        from jsonb_array_elements_text(v_stacks -> u.id::text) s (id)
                        join orchestrator.executions a on a.id = s.id::bigint
                    ))
                    into ancestors
                    from unnest(ids) u (id);
                end if;
                return next;
            end if;
        end if;

        -- nothing is left behind what was found
        exit when v_found < v_wanted and (v_rounds > 2 or orchestrator.unpark_executions() = 0);
        v_wanted := v_wanted - coalesce(cardinality(ids), 0);
    end loop;
end
$$;
comment on function orchestrator.claim_executions(integer, bigint) is 'lock up to so many queued executions of enabled workflows; internal';
