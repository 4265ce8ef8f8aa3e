-- orchestrator.load_plan: a plan by id; null when this snapshot is older than it.
create or replace function orchestrator.load_plan(p_id bigint)
    returns jsonb
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select p.plan || jsonb_build_object('publishedAt', extract(epoch from p.created_at)) from orchestrator.plans p where p.id = p_id
$$;
comment on function orchestrator.load_plan(bigint) is 'what runs at each event of a table, as one version of the generated functions carries it';
