-- orchestrator.fence_passed(text): has every transaction before the fence ended?
-- From then on one more look at the queue finds all that was queued without a notification.
create or replace function orchestrator.fence_passed(p_fence text) returns boolean
language sql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select pg_snapshot_xmin(pg_current_snapshot()) >= p_fence::xid8
$$;
comment on function orchestrator.fence_passed(text) is 'whether all transactions before a fence have ended';
