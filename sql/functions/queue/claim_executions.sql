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
    v_seen bigint[] := '{}';
    v_claimed integer := 0;
    v_enabled integer;
    v_rounds integer := 0;
begin
    loop
        select coalesce(array_agg(q.id), '{}') into v_ids
        from (
            select e.id
            from orchestrator.executions e
            where e.status is null and not e.dispatched and not e.parked and e.id > p_after and e.id <> all (v_seen)
            order by e.status, e.id
            limit p_max - v_claimed
            for update of e skip locked
        ) q;

        return query
        select
            e.id, e.workflow_id, p.program_id, p.options, e.context::text,
            case when e.stack is not null then (
                select jsonb_object_agg(a.id, a.workflow_id)::text
                from jsonb_array_elements_text(e.stack) s (id)
                join orchestrator.executions a on a.id = s.id::bigint
            ) end
        from orchestrator.executions e
        join orchestrator.workflows c on c.key = e.key and c.current and c.enabled
        join (
            select d.workflow_id, (select max(g.id) from orchestrator.programs g where g.workflow_id = d.workflow_id) as program_id, w.options::text as options
            from (select distinct x.workflow_id from orchestrator.executions x where x.id = any (v_ids)) d
            left join orchestrator.workflows w on w.id = d.workflow_id
            offset 0
        ) p on p.workflow_id = e.workflow_id
        where e.id = any (v_ids)
        order by e.id;
        get diagnostics v_enabled = row_count;

        v_claimed := v_claimed + v_enabled;
        v_rounds := v_rounds + 1;
        exit when v_claimed >= p_max;
        v_seen := v_seen || v_ids;
        if v_enabled < cardinality(v_ids) then
            perform orchestrator.park_executions(v_ids);
        elsif cardinality(v_ids) = 0 then
            exit when v_rounds > 2 or orchestrator.unpark_executions() = 0;
        end if;
    end loop;
end
$$;
comment on function orchestrator.claim_executions(integer, bigint) is 'lock up to so many queued executions of enabled workflows; internal';
