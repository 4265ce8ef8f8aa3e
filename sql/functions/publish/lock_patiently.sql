-- orchestrator.lock_patiently: lock_in_turns() for half a minute.
create or replace function orchestrator.lock_patiently(p_table oid)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    if not orchestrator.lock_in_turns(p_table, 600) then
        raise exception using
            errcode = 'WF409',
            message = format('could not lock table %s: it was written to all the time', p_table::regclass),
            hint = 'End long transactions that write to it, then publish again.';
    end if;
end
$$;
comment on function orchestrator.lock_patiently(oid) is 'share row exclusive lock on a table, asked for in short turns';
