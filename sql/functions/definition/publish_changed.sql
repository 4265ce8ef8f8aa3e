-- orchestrator.publish_changed: publishes what changed workflows are about, refusing with WF422 what can not be compiled
-- Publishing checks the enabled workflows of its collections; those about no collection are checked here.
create or replace function orchestrator.publish_changed(p_workflow_ids bigint[], p_collections text[])
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_id bigint;
    v_collections text[];
begin
    for v_id in
        select w.id
        from orchestrator.workflows w
        where w.id = any (p_workflow_ids)
            and not exists (select from orchestrator.collections c where c.name = orchestrator.collection_of(w.config))
    loop
        perform orchestrator.check_workflow(v_id);
    end loop;
    select array_agg(distinct c order by c) into v_collections
    from unnest(p_collections) as c
    where c is not null;
    if v_collections is not null then
        perform orchestrator.publish(v_collections);
    end if;
end
$$;
comment on function orchestrator.publish_changed(bigint[], text[]) is 'publishes collections; enabled workflows about none are checked';
