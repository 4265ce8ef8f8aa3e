-- orchestrator.detach_fillers: the triggers that attach_filler made for a column, or that read it. Runs as its caller, a superuser.
create or replace function orchestrator.detach_fillers(p_collection text, p_column text)
    returns void
    language plpgsql volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_table regclass;
    v_trigger name;
    v_argument bytea := '\x00'::bytea || convert_to(p_column, getdatabaseencoding()) || '\x00'::bytea;
begin
    for v_table, v_trigger in
        select c.table_oid, t.tgname
        from orchestrator.collections c
        join pg_trigger t on t.tgrelid = c.table_oid
        where c.name = p_collection and t.tgname like 'orchestrator\_%'
            and position(v_argument in '\x00'::bytea || t.tgargs) > 0
    loop
        execute format('drop trigger %I on %s', v_trigger, v_table);
    end loop;
end
$$;
comment on function orchestrator.detach_fillers(text, text) is 'drops the triggers that fill a column';
