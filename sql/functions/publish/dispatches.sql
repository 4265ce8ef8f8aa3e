-- orchestrator.dispatches: whether a table has its dispatcher triggers: not yet while manage() is at work.
create or replace function orchestrator.dispatches(p_table oid)
    returns boolean
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select exists (
        select from pg_catalog.pg_trigger t where t.tgrelid = p_table and t.tgname = 'zz_orchestrator_truncate'
    )
$$;
comment on function orchestrator.dispatches(oid) is 'true when a table''s triggers have been created';
