-- orchestrator.publish: brings programs, plans and generated functions of collections up to date, in this transaction.
-- Takes the publishers' lock and no lock on any user's table.
create or replace function orchestrator.publish(p_collections text[])
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    if cardinality(p_collections) > 0 then
        perform orchestrator.lock_publishing();
        perform orchestrator.result(orchestrator.invoke('orchestrator.hooks.publish:publish', to_jsonb(p_collections)::text));
    end if;
end
$$;
comment on function orchestrator.publish(text[]) is 'compiles and publishes the enabled workflows of the named collections';
