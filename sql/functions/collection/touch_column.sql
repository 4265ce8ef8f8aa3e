-- orchestrator.touch_column: trigger function, sets the column that it is given to the time of the transaction. A column that
-- is gone is passed over. While an action moves rows of the table about, their times stay. Anybody may set what says so, and
-- comes no further with it than a move: positions, and the columns that they are counted by, are all that changed.
create or replace function orchestrator.touch_column()
    returns trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_places text[];
begin
    if tg_op = 'UPDATE' and current_setting('orchestrator.moving', true) = tg_relid::oid::text then
        v_places := orchestrator.sort_columns(tg_relid);
        if to_jsonb(new) - v_places = to_jsonb(old) - v_places then
            return new;
        end if;
    end if;
    return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], now()));
end
$$;
comment on function orchestrator.touch_column() is 'trigger function: the time of the last change';
