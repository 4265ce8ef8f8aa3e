-- orchestrator.touch_column: trigger function, sets the column that it is given to the time of the transaction. A column that
-- is gone is passed over. While an action moves rows of the table about, their times stay: the setting that says so can do
-- no more than that, whoever sets it.
create or replace function orchestrator.touch_column()
    returns trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    if current_setting('orchestrator.moving', true) = tg_relid::oid::text then
        return new;
    end if;
    return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], now()));
end
$$;
comment on function orchestrator.touch_column() is 'trigger function: the time of the last change';
