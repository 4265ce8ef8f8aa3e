-- orchestrator.assume: says who acts for the rest of this call, and finds the plan that a request runs on.
-- The settings are those that anybody may set: actor() believes them where the login may speak for others.
create or replace function orchestrator.assume(p_claims jsonb, p_collection text, p_association text default null)
    returns jsonb
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_collection text := p_collection;
begin
    perform
        set_config('orchestrator.user_id', coalesce(p_claims ->> 'userId', ''), true),
        set_config('orchestrator.role_name', coalesce(p_claims ->> 'roleName', ''), true),
        set_config('orchestrator.trigger_workflows', coalesce(p_claims ->> 'triggerWorkflows', ''), true),
        set_config('orchestrator.trace_id', coalesce(p_claims ->> 'traceId', ''), true);
    if p_association is not null then
        select f.options ->> 'target' into v_collection
        from orchestrator.fields f
        where f.collection_name = p_collection and f.name = p_association;
    end if;
    return jsonb_build_object(
        'collection', coalesce(v_collection, p_collection || '.' || p_association),
        'plan', (select c.plan_id from orchestrator.collections c where c.name = v_collection),
        'revision', orchestrator.catalog_revision(),
        'actor', orchestrator.actor()
    );
end
$$;
comment on function orchestrator.assume(jsonb, text, text) is 'sets the context of a request and returns actor and plan';
