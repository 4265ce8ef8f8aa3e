-- orchestrator.plan_in_snapshot: the newest plan of a table, up to the one given, that a snapshot sees; null when it is
-- older than all that are left, or when this transaction itself cannot see the one given.
-- A plan that this transaction published is seen. Row versions say who wrote them, so a restored database is right too.
create or replace function orchestrator.plan_in_snapshot(p_plan bigint, p_snapshot text)
    returns bigint
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    with snapshot (value, high) as (
        select p_snapshot::pg_snapshot, pg_snapshot_xmax(p_snapshot::pg_snapshot)::text::bigint
    ),
    plan as (
        select
            p.id, p.created_at = now() as own,
            -- xmin has 32 bits: the number next to the snapshot's end
            (s.high & ~4294967295) + p.xmin::text::bigint
                - case when (s.high & ~4294967295) + p.xmin::text::bigint > s.high + 2147483648 then 4294967296 else 0 end as xid,
            s.value
        from orchestrator.plans p
        cross join snapshot s
        where p.table_oid = (select c.table_oid from orchestrator.plans c where c.id = p_plan) and p.id <= p_plan
    )
    select max(p.id)
    from plan p
    where p.own or pg_visible_in_snapshot(greatest(p.xid, 0)::text::xid8, p.value)
$$;
comment on function orchestrator.plan_in_snapshot(bigint, text) is 'which plan was current for a statement with this snapshot';
