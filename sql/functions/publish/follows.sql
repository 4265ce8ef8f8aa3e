-- orchestrator.follows: whether a table has its after-triggers already.
create or replace function orchestrator.follows(p_table oid)
    returns boolean
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select exists (
        select from pg_catalog.pg_trigger t where t.tgrelid = p_table and t.tgname = 'zz_orchestrator_after_insert'
    )
$$;
comment on function orchestrator.follows(oid) is 'true when a table has triggers with transition tables';
