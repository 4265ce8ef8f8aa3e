-- orchestrator.sweep_workers(interval): remove workers that were not seen for so long; returns how many.
create or replace function orchestrator.sweep_workers(p_silence interval default '2 minutes') returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_removed integer;
begin
    if not exists (select from orchestrator.workers where seen_at < clock_timestamp() - p_silence) then
        return 0;
    end if;
    perform orchestrator.lock_workers();
    delete from orchestrator.workers where seen_at < clock_timestamp() - p_silence;
    get diagnostics v_removed = row_count;
    perform orchestrator.publish_sleep();
    return v_removed;
end
$$;
comment on function orchestrator.sweep_workers(interval) is 'remove workers that died without a word';
