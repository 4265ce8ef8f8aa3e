-- orchestrator.publish_nodes: trigger function, publishes once a statement the enabled workflows whose nodes it changed
create or replace function orchestrator.publish_nodes()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_changed bigint[];
    v_ids bigint[];
    v_collections text[];
begin
    if tg_op = 'INSERT' then
        select array_agg(distinct n.workflow_id) into v_changed from new_rows n;
    elsif tg_op = 'DELETE' then
        select array_agg(distinct o.workflow_id) into v_changed from old_rows o;
    else
        select array_agg(distinct c.workflow_id) into v_changed
        from (
            (select * from new_rows except all select * from old_rows)
            union all
            (select * from old_rows except all select * from new_rows)
        ) c;
    end if;
    if v_changed is null then
        return null;
    end if;
    update orchestrator.workflows set updated_at = orchestrator.current_time() where id = any (v_changed);
    select array_agg(w.id), array_agg(orchestrator.collection_of(w.config)) into v_ids, v_collections
    from orchestrator.workflows w
    where w.id = any (v_changed) and w.enabled;
    perform orchestrator.publish_changed(v_ids, v_collections);
    return null;
end
$$;
comment on function orchestrator.publish_nodes() is 'trigger function: a changed node takes effect in the same transaction';
