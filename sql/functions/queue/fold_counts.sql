-- orchestrator.fold_counts(): add what writes have counted to the statistics; returns how many rows were folded.
-- One at a time: a second caller leaves it to the first.
create or replace function orchestrator.fold_counts() returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_folded integer;
begin
    begin
        lock table orchestrator.counts_lock in exclusive mode nowait;
    exception when lock_not_available then
        return 0;
    end;
    with gone as (
        delete from orchestrator.execution_counts returning workflow_id, key, executed
    ), lineages as (
        insert into orchestrator.workflow_stats as s (key, executed)
        select g.key, sum(g.executed) from gone g group by g.key
        on conflict (key) do update set executed = s.executed + excluded.executed, updated_at = now()
    ), versions as (
        insert into orchestrator.workflow_version_stats as s (id, executed)
        select g.workflow_id, sum(g.executed) from gone g join orchestrator.workflows w on w.id = g.workflow_id group by g.workflow_id
        on conflict (id) do update set executed = s.executed + excluded.executed, updated_at = now()
    )
    select count(*) into v_folded from gone;
    return v_folded;
end
$$;
comment on function orchestrator.fold_counts() is 'fold execution_counts into workflow_stats and workflow_version_stats';
