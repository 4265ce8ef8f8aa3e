-- orchestrator.set_firing: whether a trigger fires for replicated rows too; only where it does not do so already.
create or replace function orchestrator.set_firing(p_table oid, p_trigger name, p_mode text)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_wanted "char" := case p_mode when 'always' then 'A' else 'O' end;
begin
    if exists (
        select from pg_catalog.pg_trigger t
        where t.tgrelid = p_table and t.tgname = p_trigger and t.tgenabled <> v_wanted
    ) then
        execute format(
            'alter table %s enable %s trigger %I',
            p_table::regclass, case p_mode when 'always' then 'always' else '' end, p_trigger
        );
    end if;
end
$$;
comment on function orchestrator.set_firing(oid, name, text) is 'makes a trigger fire always, or for local writes only';
