-- orchestrator.is_attached: whether a member of a managed table's family has what it always has, see attach_member().
create or replace function orchestrator.is_attached(p_table oid, p_collection text)
    returns boolean
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select count(*) = case when c.relkind = 'f' then 1 else 2 end
    from pg_catalog.pg_class c
    join pg_catalog.pg_trigger t on t.tgrelid = c.oid
    join pg_catalog.pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'orchestrator_hooks'::regnamespace
    where c.oid = p_table
        and p.proname in (orchestrator.hook_name(p_collection, 'before_insert'), orchestrator.hook_name(p_collection, 'truncate'))
    group by c.relkind
$$;
comment on function orchestrator.is_attached(oid, text) is 'whether a table has the row and TRUNCATE triggers of a collection';
