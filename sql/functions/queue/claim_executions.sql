-- orchestrator.claim_executions(integer, bigint): lock queued executions, oldest first, and return what it takes to run them.
-- Locks last until the transaction ends: nothing is written by a claim, so a worker that dies leaves everything as it was.
-- Rows of disabled workflows met on the way are parked; when fewer were found than asked for, parked rows of enabled ones are put back.
-- p_after: skip ids up to here; a worker that just finished them need not step over their dead versions again.
create or replace function orchestrator.claim_executions(p_max integer, p_after bigint default 0)
returns table (id bigint, workflow_id bigint, program_id bigint, options text, context text, ancestors text)
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
-- a batch is small and the history is not: indexes only, whatever the statistics say
set enable_seqscan = off
set enable_sort = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_ids bigint[];
    v_enabled bigint[] := '{}';
    v_rounds integer := 0;
begin
    loop
        select coalesce(array_agg(q.id), '{}') into v_ids
        from (
            select e.id
            from orchestrator.executions e
            where e.status is null and not e.dispatched and not e.parked and e.id > p_after and e.id <> all (v_enabled)
            order by e.status, e.id
            limit p_max - cardinality(v_enabled)
            for update of e skip locked
        ) q;
        v_enabled := v_enabled || array(
            select e.id
            from orchestrator.executions e
            join orchestrator.workflows w on w.key = e.key and w.current and w.enabled
            where e.id = any (v_ids)
        );
        v_rounds := v_rounds + 1;
        exit when cardinality(v_enabled) >= p_max;
        if cardinality(v_ids) = 0 then
            exit when v_rounds > 2 or orchestrator.unpark_executions() = 0;
        elsif not v_ids <@ v_enabled then
            perform orchestrator.park_executions(v_ids, v_enabled);
        end if;
    end loop;

    return query
    select
        e.id, e.workflow_id, p.program_id, p.options, e.context::text,
        case when e.stack is not null then (
            select jsonb_object_agg(a.id, a.workflow_id)::text
            from jsonb_array_elements_text(e.stack) s (id)
            join orchestrator.executions a on a.id = s.id::bigint
        ) end
    from orchestrator.executions e
    join (
        select d.workflow_id, (select max(g.id) from orchestrator.programs g where g.workflow_id = d.workflow_id) as program_id, w.options::text as options
        from (select distinct x.workflow_id from orchestrator.executions x where x.id = any (v_enabled)) d
        left join orchestrator.workflows w on w.id = d.workflow_id
    ) p on p.workflow_id = e.workflow_id
    where e.id = any (v_enabled)
    order by e.id;
end
$$;
comment on function orchestrator.claim_executions(integer, bigint) is 'lock up to so many queued executions of enabled workflows; internal';
