-- orchestrator.next_sort: trigger function, puts a new row behind the others, or behind those with the same value in the
-- second column. Positions are given out one transaction at a time. It reads the table whoever may write it.
create or replace function orchestrator.next_sort()
    returns trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
    set row_security = off
as $$
declare
    v_next bigint;
begin
    perform pg_advisory_xact_lock('orchestrator.fields'::regclass::oid::integer, tg_relid::integer);
    if tg_argv[1] = '' then
        execute format('select coalesce(max(t.%I), 0) + 1 from %s t', tg_argv[0], tg_relid::regclass) into v_next;
    else
        execute format(
            'select coalesce(max(t.%I), 0) + 1 from %s t where t.%I is not distinct from ($1).%I',
            tg_argv[0], tg_relid::regclass, tg_argv[1], tg_argv[1]
        ) into v_next using new;
    end if;
    return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], v_next));
end
$$;
comment on function orchestrator.next_sort() is 'trigger function: the next position';
