-- orchestrator.refuse_later_triggers: refuses triggers that would change a row after a guard saw it. Triggers fire in the
-- order of their names, byte by byte, and whoever has TRIGGER on a table may name one as he likes.
create or replace function orchestrator.refuse_later_triggers(p_tables oid[])
    returns void
    language plpgsql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_name text;
    v_table regclass;
begin
    select t.tgname, t.tgrelid into v_name, v_table
    from pg_catalog.pg_trigger t
    join pg_catalog.pg_proc p on p.oid = t.tgfoid
    where t.tgrelid = any (p_tables)
        -- of rows, before an insert or update
        and t.tgtype & 3 = 3 and t.tgtype & 20 <> 0
        and p.pronamespace <> 'orchestrator_hooks'::regnamespace
        and exists (
            select
            from pg_catalog.pg_trigger o
            join pg_catalog.pg_proc f on f.oid = o.tgfoid and f.pronamespace = 'orchestrator_hooks'::regnamespace
            where o.tgrelid = t.tgrelid and o.tgtype & 3 = 3 and o.tgtype & t.tgtype & 20 <> 0
                and o.tgname collate "C" < t.tgname collate "C"
        )
    limit 1;
    if found then
        raise exception using
            errcode = 'WF409',
            message = format('trigger %s of %s would change rows after workflows have judged them', quote_literal(v_name), v_table),
            hint = 'Triggers fire in the order of their names: give it one that sorts before zz_orchestrator.';
    end if;
end
$$;
comment on function orchestrator.refuse_later_triggers(oid[]) is 'refuses triggers that fire after a guard';
