-- orchestrator.publish: brings programs, plans and generated functions of collections up to date, in this transaction.
-- Takes the publishers' lock, and a lock on a user's table only to add triggers: see attach_after() and attach_closes().
create or replace function orchestrator.publish(p_collections text[])
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_collections text[];
begin
    if cardinality(p_collections) > 0 then
        perform orchestrator.lock_publishing();
        -- a local after-workflow may be bound to writes of every collection that leads to its own
        with recursive source (name) as (
            select unnest(p_collections)
            union
            select f.collection_name
            from source s
            join orchestrator.fields f on f.options ->> 'target' = s.name and f.type in ('belongsTo', 'hasOne')
        )
        select array_agg(s.name order by s.name) into v_collections from source s;
        perform orchestrator.result(orchestrator.invoke('orchestrator.hooks.publish:publish', to_jsonb(v_collections)::text));
    end if;
end
$$;
comment on function orchestrator.publish(text[]) is 'compiles and publishes the enabled workflows of the named collections';
