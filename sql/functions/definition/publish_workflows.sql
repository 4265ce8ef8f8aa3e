-- orchestrator.publish_workflows: trigger function, publishes once a statement what it did to enabled workflows
-- Titles and the like publish nothing. A version that was demoted by this statement is published with its successor.
create or replace function orchestrator.publish_workflows()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_ids bigint[];
    v_collections text[];
begin
    if tg_op = 'INSERT' then
        select array_agg(n.id) filter (where n.enabled) into v_ids from new_rows n;
        select array_agg(orchestrator.collection_of(w.config)) into v_collections
        from new_rows n
        join orchestrator.workflows w on w.key = n.key
        where n.enabled and w.id = n.id or n.current and w.current is null;
    elsif tg_op = 'UPDATE' then
        with changed as (
            select
                n.id, n.key, n.enabled, o.enabled as was_enabled, n.config, o.config as was_config,
                n.current and o.current is null as promoted
            from new_rows n
            join old_rows o on o.id = n.id
            where (n.enabled or o.enabled or n.current and o.current is null)
                and (n.enabled, n.current, n.type, n.sync, n.config, n.options)
                is distinct from (o.enabled, o.current, o.type, o.sync, o.config, o.options)
        )
        select
            (select array_agg(c.id) from changed c where c.enabled),
            array(
                select orchestrator.collection_of(c.config) from changed c where c.enabled
                union
                select orchestrator.collection_of(c.was_config) from changed c where c.was_enabled
                union
                select orchestrator.collection_of(w.config)
                from changed c
                join orchestrator.workflows w on w.key = c.key and w.id <> c.id
                where c.promoted
            )
        into v_ids, v_collections;
    else
        select array_agg(orchestrator.collection_of(o.config)) into v_collections from old_rows o where o.enabled;
    end if;
    perform orchestrator.publish_changed(v_ids, v_collections);
    return null;
end
$$;
comment on function orchestrator.publish_workflows() is 'trigger function: a changed workflow takes effect in the same transaction';
