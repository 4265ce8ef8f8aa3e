-- orchestrator.publish_changed: checks enabled workflows that changed and publishes the collections they are about
-- Refuses with WF422 when a row can not be compiled, so that nothing broken is ever listening.
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
    foreach v_id in array coalesce(p_workflow_ids, '{}') loop
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
comment on function orchestrator.publish_changed(bigint[], text[]) is 'checks changed enabled workflows, then publishes the collections';
