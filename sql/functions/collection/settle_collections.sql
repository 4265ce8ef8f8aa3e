-- orchestrator.settle_collections: after what was declared of collections: their fields and relations are read again, and
-- workflows that follow through relations are published.
create or replace function orchestrator.settle_collections(p_names text[])
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_name text;
begin
    for v_name in select c.name from orchestrator.collections c where c.name = any (p_names) order by c.name loop
        perform orchestrator.refresh_fields(v_name);
    end loop;
    perform orchestrator.publish((select array_agg(c.name) from orchestrator.collections c where c.name = any (p_names)));
end
$$;
comment on function orchestrator.settle_collections(text[]) is 'reads changed collections again and publishes them';
