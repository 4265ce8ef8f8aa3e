-- Event triggers: managed tables are followed through ALTER, DROP, ATTACH and restore, in the same transaction.

-- orchestrator.keep_up: brings collections up to date with their tables: fields, triggers of new partitions, the firing
-- mode that ENABLE TRIGGER USER loses, the functions behind the triggers.
create or replace function orchestrator.keep_up(p_collections text[])
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_collection orchestrator.collections;
    v_before text[];
    v_after text[];
    v_trigger record;
    v_part oid;
begin
    -- before any row or privilege is touched, or this and a publisher wait for each other
    perform orchestrator.lock_publishing();
    for v_collection in select * from orchestrator.collections c where c.name = any (p_collections) order by c.name loop
        select coalesce(array_agg(f.name), '{}') into v_before
        from orchestrator.fields f where f.collection_name = v_collection.name and f.attnum is not null;
        perform orchestrator.grant_collection(v_collection.table_oid);
        perform orchestrator.refresh_fields(v_collection.name);
        select coalesce(array_agg(f.name), '{}') into v_after
        from orchestrator.fields f where f.collection_name = v_collection.name and f.attnum is not null;
        update orchestrator.collections c
        set gone_columns = coalesce((
            select array_agg(distinct g.name) from unnest(v_collection.gone_columns || v_before) as g (name)
            where g.name <> all (v_after)
        ), '{}')
        where c.name = v_collection.name;
        -- a trigger function is bound to the types that it first met, domains too: the same plan is written anew
        update orchestrator.collections c
        set plan_id = null
        where c.name = v_collection.name and c.seen_columns is distinct from v_collection.seen_columns;
        for v_part in select t.relid from orchestrator.table_family(v_collection.table_oid) t loop
            if orchestrator.is_attached(v_part, v_collection.name) is not true and (select c.relkind in ('r', 'p', 'f') from pg_catalog.pg_class c where c.oid = v_part) then
                perform orchestrator.attach_member(v_part, v_collection.name, v_collection.mode);
            end if;
        end loop;
        if orchestrator.follows(v_collection.table_oid) then
            perform orchestrator.attach_after(v_collection.table_oid);
        end if;
        -- DISABLE TRIGGER is the owner's right; ENABLE TRIGGER means: as it was
        for v_trigger in
            select t.tgrelid, t.tgname
            from orchestrator.table_family(v_collection.table_oid) f
            join pg_catalog.pg_trigger t on t.tgrelid = f.relid
            where t.tgname like 'zz\_orchestrator\_%' and t.tgenabled = 'O' and v_collection.mode = 'always'
        loop
            perform orchestrator.set_firing(v_trigger.tgrelid, v_trigger.tgname, 'always');
        end loop;
    end loop;
    perform orchestrator.publish(p_collections);
end
$$;
comment on function orchestrator.keep_up(text[]) is 'follows a change of managed tables: fields, triggers, functions';

-- orchestrator.on_ddl: event trigger: which collections does this command concern?
create or replace function orchestrator.on_ddl()
    returns event_trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_touched oid[];
    v_collections text[];
    v_orphan record;
begin
    v_touched := array(
        select d.objid from pg_event_trigger_ddl_commands() d where d.classid = 'pg_catalog.pg_class'::regclass
    );
    with recursive touched (relid) as (
        select unnest(v_touched)
        union
        select i.inhparent from touched t join pg_catalog.pg_inherits i on i.inhrelid = t.relid
    )
    select array_agg(c.name order by c.name) into v_collections
    from touched t
    join orchestrator.collections c on c.table_oid = t.relid;
    if tg_tag in ('ALTER SCHEMA', 'ALTER TYPE', 'ALTER DOMAIN', 'ALTER EXTENSION') then
        -- names of tables and of their columns' types may be others now
        select array_agg(c.name order by c.name) into v_collections
        from orchestrator.collections c where orchestrator.is_behind(array[c.name]);
    end if;
    if v_collections is null and not exists (
        select from pg_catalog.pg_trigger t where t.tgrelid = any (v_touched) and t.tgname like 'zz\_orchestrator\_%'
    ) then
        return;
    end if;
    -- a detached partition keeps the statement triggers that it was given, a child that inherits no more all of them
    for v_orphan in
        select t.tgrelid::regclass as relation, t.tgname
        from pg_catalog.pg_trigger t
        join pg_catalog.pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'orchestrator_hooks'::regnamespace
        where t.tgparentid = 0
            and not exists (
                select from orchestrator.collections c
                cross join lateral orchestrator.table_family(c.table_oid) f
                where f.relid = t.tgrelid
            )
    loop
        execute format('drop trigger %I on %s', v_orphan.tgname, v_orphan.relation);
    end loop;
    if orchestrator.is_behind(v_collections) then
        perform orchestrator.keep_up(v_collections);
    end if;
    perform orchestrator.refuse_later_triggers(v_touched);
end
$$;
comment on function orchestrator.on_ddl() is 'event trigger: follows changes of managed tables';

-- orchestrator.on_trigger: event trigger: no trigger of a managed table fires after a guard.
create or replace function orchestrator.on_trigger()
    returns event_trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform orchestrator.refuse_later_triggers(array(
        select f.relid
        from pg_event_trigger_ddl_commands() d
        join pg_catalog.pg_trigger t on t.oid = d.objid
        cross join lateral orchestrator.table_family(t.tgrelid) f
        where d.classid = 'pg_catalog.pg_trigger'::regclass
    ));
end
$$;
comment on function orchestrator.on_trigger() is 'event trigger: refuses triggers that fire after a guard';

-- orchestrator.on_drop: event trigger: a dropped table is no collection any more.
create or replace function orchestrator.on_drop()
    returns event_trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_dropped record;
    v_collections text[];
begin
    if to_regclass('orchestrator.collections') is null then
        return;
    end if;
    for v_dropped in
        select c.name, c.table_oid
        from pg_event_trigger_dropped_objects() d
        join orchestrator.collections c on c.table_oid = d.objid
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objsubid = 0
    loop
        perform orchestrator.lock_publishing();
        perform orchestrator.drop_hooks(v_dropped.name);
        perform orchestrator.unregister_collection(v_dropped.table_oid);
        -- another table of that name is not what roles were permitted
        delete from orchestrator.data_sources_roles_resources r
        where r.data_source_key = 'main' and r.name = v_dropped.name;
    end loop;
    -- a type, an extension or a schema may take columns along
    select array_agg(distinct c.name order by c.name) into v_collections
    from pg_event_trigger_dropped_objects() d
    join orchestrator.collections c on c.table_oid = d.objid
    where d.classid = 'pg_catalog.pg_class'::regclass and d.objsubid <> 0;
    if v_collections is not null and orchestrator.is_behind(v_collections) then
        perform orchestrator.keep_up(v_collections);
    end if;
end
$$;
comment on function orchestrator.on_drop() is 'event trigger: forgets dropped tables and columns';

drop event trigger if exists orchestrator_ddl;
create event trigger orchestrator_ddl on ddl_command_end
    when tag in ('ALTER TABLE', 'ALTER VIEW', 'CREATE TABLE', 'CREATE TABLE AS', 'CREATE INDEX', 'CREATE VIEW', 'ALTER FOREIGN TABLE', 'CREATE FOREIGN TABLE',
        'CREATE SCHEMA', 'ALTER SCHEMA', 'ALTER TYPE', 'ALTER DOMAIN', 'ALTER EXTENSION')
    execute function orchestrator.on_ddl();
alter event trigger orchestrator_ddl enable always;
drop event trigger if exists orchestrator_drop;
create event trigger orchestrator_drop on sql_drop execute function orchestrator.on_drop();
alter event trigger orchestrator_drop enable always;
drop event trigger if exists orchestrator_trigger;
create event trigger orchestrator_trigger on ddl_command_end
    when tag in ('CREATE TRIGGER', 'ALTER TRIGGER')
    execute function orchestrator.on_trigger();
alter event trigger orchestrator_trigger enable always;
comment on event trigger orchestrator_trigger is 'pg-orchestrator: no trigger of a managed table fires after a guard';
comment on event trigger orchestrator_ddl is 'pg-orchestrator: follows changes of managed tables';
comment on event trigger orchestrator_drop is 'pg-orchestrator: forgets dropped tables and columns';
