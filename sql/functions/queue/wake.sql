-- orchestrator.wake(): tell a sleeping worker that something was queued; next to nothing while none sleeps.
-- Called after the rows were inserted, so that whoever reads an old flag here already has a transaction id: see set_fence().
-- A trigger may ask "pg_sequence_last_value('orchestrator.wake_until') > 0" itself first: 0.4 µs instead of 5.
-- NOTIFY makes PREPARE TRANSACTION fail and, with a full queue, COMMIT: then the worker's poll has to do.
create or replace function orchestrator.wake() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_until bigint := pg_sequence_last_value('orchestrator.wake_until'::regclass);
begin
    if v_until > 0 and v_until >= date_part('epoch', clock_timestamp())
        and current_setting('max_prepared_transactions') = '0'
        and pg_notification_queue_usage() < 0.5
    then
        perform pg_notify('orchestrator_wake', '');
    end if;
end
$$;
comment on function orchestrator.wake() is 'notify sleeping workers, if there are any';
