-- Removes everything of ours from this database. Users' tables keep their rows, columns and privileges; when an object
-- of a user depends on ours, nothing is removed and the error names it.

-- triggers on users' tables; those of partitions go with their parents'
do $$
declare
    v_trigger record;
begin
    for v_trigger in
        select t.tgname, t.tgrelid::regclass as tablename
        from pg_catalog.pg_trigger t
        join pg_catalog.pg_proc p on p.oid = t.tgfoid
        join pg_catalog.pg_class c on c.oid = t.tgrelid
        where p.pronamespace in ('orchestrator'::regnamespace, 'orchestrator_hooks'::regnamespace)
            and c.relnamespace not in ('orchestrator'::regnamespace, 'orchestrator_hooks'::regnamespace)
            and not t.tgisinternal and t.tgparentid = 0
    loop
        execute format('drop trigger %I on %s', v_trigger.tgname, v_trigger.tablename);
    end loop;
    for v_trigger in
        select e.evtname
        from pg_catalog.pg_event_trigger e
        join pg_catalog.pg_proc p on p.oid = e.evtfoid
        where p.pronamespace in ('orchestrator'::regnamespace, 'orchestrator_hooks'::regnamespace)
    loop
        execute format('drop event trigger %I', v_trigger.evtname);
    end loop;
end
$$;

-- declared relations to users and roles keep their columns
do $$
declare
    v_key record;
begin
    for v_key in
        select k.conname, k.conrelid::regclass as tablename
        from pg_catalog.pg_constraint k
        join pg_catalog.pg_class target on target.oid = k.confrelid and target.relnamespace = 'orchestrator'::regnamespace
        join pg_catalog.pg_class source on source.oid = k.conrelid and source.relnamespace <> 'orchestrator'::regnamespace
        where k.contype = 'f' and k.conparentid = 0 and k.conname like '%\_declared'
    loop
        execute format('alter table %s drop constraint %I', v_key.tablename, v_key.conname);
    end loop;
end
$$;

-- drop … cascade would take a user's view or default with it
do $$
declare
    v_dependent text;
begin
    with ours as (
        select 'pg_catalog.pg_class'::regclass as classid, oid from pg_catalog.pg_class where relnamespace in ('orchestrator'::regnamespace, 'orchestrator_hooks'::regnamespace)
        union all
        select 'pg_catalog.pg_proc'::regclass, oid from pg_catalog.pg_proc where pronamespace in ('orchestrator'::regnamespace, 'orchestrator_hooks'::regnamespace)
        union all
        select 'pg_catalog.pg_type'::regclass, oid from pg_catalog.pg_type where typnamespace in ('orchestrator'::regnamespace, 'orchestrator_hooks'::regnamespace)
    )
    select pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
    into v_dependent
    from pg_catalog.pg_depend d
    join ours on ours.classid = d.refclassid and ours.oid = d.refobjid
    cross join lateral (select (pg_catalog.pg_identify_object_as_address(d.classid, d.objid, d.objsubid)).object_names[1] as schema_name) as address
    where d.deptype = 'n'
        and d.classid <> 'pg_catalog.pg_namespace'::regclass
        and address.schema_name not in ('orchestrator', 'orchestrator_hooks')
    limit 1;
    if v_dependent is not null then
        raise exception using
            errcode = 'dependent_objects_still_exist',
            message = format('%s depends on pg-orchestrator', v_dependent),
            hint = 'Drop or change it first; nothing was removed.';
    end if;
end
$$;

create temporary table orchestrator_uninstall on commit drop as
    select created_language from orchestrator.installation;

drop schema orchestrator_hooks cascade;
drop schema orchestrator cascade;

-- privileges on users' tables, then the roles, unless another database needs them
do $$
declare
    v_role record;
    v_object text;
begin
    for v_role in
        select r.oid, r.rolname
        from pg_catalog.pg_roles r
        where r.rolname in ('orchestrator_owner', 'orchestrator_runner', 'orchestrator_api', 'orchestrator_admin')
    loop
        select pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
        into v_object
        from pg_catalog.pg_shdepend d
        where d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid = v_role.oid and d.deptype = 'o'
            and d.dbid = (select oid from pg_catalog.pg_database where datname = current_database())
        limit 1;
        if v_object is not null then
            raise exception using
                errcode = 'dependent_objects_still_exist',
                message = format('%s belongs to role "%s"', v_object, v_role.rolname),
                hint = 'Give it another owner first; nothing was removed.';
        end if;
        execute format('drop owned by %I', v_role.rolname);
    end loop;
    for v_role in
        select r.oid, r.rolname
        from pg_catalog.pg_roles r
        where r.rolname in ('orchestrator_owner', 'orchestrator_runner', 'orchestrator_api', 'orchestrator_admin')
    loop
        if exists (
            select from pg_catalog.pg_shdepend d
            where d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid = v_role.oid
        ) or pg_catalog.shobj_description(v_role.oid, 'pg_authid') is distinct from 'created by pg-orchestrator' then
            raise notice 'role "%" is kept', v_role.rolname;
        else
            execute format('drop role %I', v_role.rolname);
        end if;
    end loop;
end
$$;

-- the language, when the installation brought it and nobody else uses it
do $$
begin
    if (select created_language from orchestrator_uninstall) then
        drop extension if exists plpython3u;
    end if;
exception when dependent_objects_still_exist then
    raise notice 'language plpython3u is kept: other functions use it';
end
$$;
