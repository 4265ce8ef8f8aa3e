-- orchestrator.refuse_cycle: trigger function, keeps a tree a tree. It reads the table whoever may write it; two that move
-- nodes of one tree wait for each other.
create or replace function orchestrator.refuse_cycle()
    returns trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
    set row_security = off
as $$
declare
    v_below boolean;
begin
    execute format('select ($1).%I = ($1).%I', tg_argv[0], tg_argv[1]) into v_below using new;
    if v_below then
        raise exception using errcode = 'WF422', message = 'Cannot set itself as the parent node';
    end if;
    if tg_op = 'UPDATE' then
        perform pg_advisory_xact_lock('orchestrator.collections'::regclass::oid::integer, tg_relid::integer);
        execute format(
            'with recursive above as (
                select t.%2$I as parent from %3$s t where t.%1$I = ($1).%2$I
                union
                select t.%2$I from above a join %3$s t on t.%1$I = a.parent
            )
            select exists (select from above a where a.parent = ($1).%1$I)',
            tg_argv[1], tg_argv[0], tg_relid::regclass
        ) into v_below using new;
        if v_below then
            raise exception using errcode = 'WF422', message = 'Cannot set a descendant node as the parent node';
        end if;
    end if;
    return new;
end
$$;
comment on function orchestrator.refuse_cycle() is 'trigger function: no node is above itself';
