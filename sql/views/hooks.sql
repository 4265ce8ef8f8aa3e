-- What publishing made of workflows, for people to read.
create or replace view orchestrator.hooks with (security_barrier) as
    select
        c.table_oid as "table",
        b.event,
        'before'::text as timing,
        w.key as workflow,
        w.id as version,
        p.n::integer as "order",
        l.hooks -> 'guards' -> b.event ->> 'condition' as condition,
        (l.hooks -> 'guards' -> b.event ->> 'condition') <> 'TRUE' as native
    from orchestrator.collections c
    join orchestrator.plans l on l.id = c.plan_id
    cross join lateral jsonb_each(l.plan -> 'before') as b (event, programs)
    cross join lateral jsonb_array_elements_text(b.programs) with ordinality as p (program, n)
    join orchestrator.programs g on g.id = p.program::bigint
    join orchestrator.workflows w on w.id = g.workflow_id
    union all
    select
        c.table_oid,
        a.event,
        'after',
        e.entry ->> 'key',
        (e.entry ->> 'workflow')::bigint,
        e.n::integer,
        coalesce(e.entry -> 'condition', 'true'::jsonb)::text,
        (l.hooks -> 'after' -> a.event -> 'native')::boolean
    from orchestrator.collections c
    join orchestrator.plans l on l.id = c.plan_id
    cross join lateral jsonb_each(l.plan -> 'after') as a (event, entries)
    cross join lateral jsonb_array_elements(a.entries) with ordinality as e (entry, n)
    union all
    -- local ones run where a write names them
    select c.table_oid, 'any', case w.type when 'action' then 'after' else 'before' end, w.key, w.id, null, 'bound', false
    from orchestrator.collections c
    join orchestrator.workflows w on orchestrator.collection_of(w.config) = c.name
    where w.enabled and w.type in ('action', 'request-interception') and not coalesce((w.config -> 'global')::boolean, false);
comment on view orchestrator.hooks is 'which workflow runs at which event of which table, in which order, under which condition: native SQL or the engine';
