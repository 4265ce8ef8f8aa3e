-- orchestrator.attach_member: the triggers that a member of a managed table's family lacks: see table_family().
create or replace function orchestrator.attach_member(p_table oid, p_collection text, p_mode text)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    if exists (
        select
        from pg_catalog.pg_class c
        where c.oid = p_table and not c.relispartition
            and not exists (
                select
                from pg_catalog.pg_trigger t
                where t.tgrelid = c.oid
                    and t.tgfoid = (
                        select p.oid
                        from pg_catalog.pg_proc p
                        where p.pronamespace = 'orchestrator_hooks'::regnamespace
                            and p.proname = orchestrator.hook_name(p_collection, 'before_insert')
                    )
            )
    ) then
        perform orchestrator.attach_row_triggers(p_table, p_collection, p_mode);
    end if;
    perform orchestrator.attach_statement_triggers(p_table, p_collection, p_mode);
end
$$;
comment on function orchestrator.attach_member(oid, text, text) is 'creates the triggers of a table, partition or inheritance child';
