-- orchestrator.attach_filler: a trigger that fills or checks a column by itself, whoever writes. Its name sorts before those
-- of workflows, so that they judge what it filled in. Runs as its caller, a superuser.
create or replace function orchestrator.attach_filler(p_collection text, p_kind text, p_column text, p_other text default null)
    returns void
    language plpgsql volatile security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_table regclass;
    v_trigger text;
begin
    select c.table_oid into strict v_table from orchestrator.collections c where c.name = p_collection;
    select format('orchestrator_%s_%s', p_kind, a.attnum) into strict v_trigger
    from pg_attribute a
    where a.attrelid = v_table and a.attname = p_column;
    case p_kind
        when 'touch' then
            execute format(
                'create or replace trigger %I before update on %s for each row execute function orchestrator.touch_column(%L)',
                v_trigger, v_table, p_column
            );
        when 'sort' then
            -- a column that was added to rows is an identity, which numbered them without a write
            if exists (select from pg_attribute a where a.attrelid = v_table and a.attname = p_column and a.attidentity <> '') then
                execute format(
                    'alter table %1$s alter column %2$I drop identity, alter column %2$I drop not null', v_table, p_column
                );
            end if;
            execute format(
                'create or replace trigger %I before insert on %s for each row when (new.%I is null) execute function orchestrator.next_sort(%L, %L)',
                v_trigger, v_table, p_column, p_column, coalesce(p_other, '')
            );
        when 'tree' then
            execute format(
                'create or replace trigger %I before insert or update of %I on %s for each row when (new.%I is not null) execute function orchestrator.refuse_cycle(%L, %L)',
                v_trigger, p_column, v_table, p_column, p_column, p_other
            );
        when 'hash' then
            execute format(
                'create or replace trigger %I before insert on %s for each row when (new.%I is not null) execute function orchestrator.hash_column(%L)',
                v_trigger || '_insert', v_table, p_column, p_column
            );
            execute format(
                'create or replace trigger %1$I before update on %2$s for each row when (new.%3$I is distinct from old.%3$I and new.%3$I is not null) execute function orchestrator.hash_column(%4$L)',
                v_trigger || '_update', v_table, p_column, p_column
            );
        when 'random' then
            execute format(
                'create or replace trigger %I before insert on %s for each row when (new.%I is null) execute function orchestrator.draw_letters(%L, %L)',
                v_trigger, v_table, p_column, p_column, p_other
            );
        when 'radio' then
            execute format(
                'create or replace trigger %I after insert on %s referencing new table as written for each statement execute function orchestrator.reset_others(%L)',
                v_trigger || '_insert', v_table, p_column
            );
            execute format(
                'create or replace trigger %I after update on %s referencing new table as written for each statement execute function orchestrator.reset_others(%L)',
                v_trigger || '_update', v_table, p_column
            );
    end case;
end
$$;
comment on function orchestrator.attach_filler(text, text, text, text) is
    'creates the trigger of a column: touch (time of the last change), sort (next position), tree (no cycles), '
    'hash (password), random (letters of an alphabet), radio (true in one row)';
