-- orchestrator.reset_others: trigger function, after a statement: where a column became true, it is true in the last of
-- the statement's rows alone, and false in every other row. It writes the table whoever may write it; what it changes is
-- judged and followed like any write. Statements that choose one wait for each other. A column that is gone is passed over.
create or replace function orchestrator.reset_others()
    returns trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
    set row_security = off
as $$
declare
    v_key text;
    v_column text := quote_ident(tg_argv[0]);
    v_chosen boolean;
begin
    if not exists (
        select from pg_attribute a where a.attrelid = tg_relid and a.attname = tg_argv[0] and not a.attisdropped
    ) then
        return null;
    end if;
    execute format('select exists (select from written w where w.%s)', v_column) into v_chosen;
    if v_chosen then
        perform pg_advisory_xact_lock('orchestrator.fields'::regclass::oid::integer, tg_relid::integer);
        select string_agg(format('t.%1$I = kept.%1$I', a.attname), ' and ') into v_key
        from pg_index i
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
        where i.indexrelid = (
            select k.indexrelid from pg_index k
            where k.indrelid = tg_relid and k.indisunique and k.indpred is null and k.indexprs is null
            order by k.indisprimary desc, k.indexrelid limit 1
        );
        execute format(
            'update %1$s t set %2$s = false
            from (select w.*, row_number() over () as "row:" from written w where w.%2$s order by "row:" desc limit 1) kept
            where t.%2$s and not (%3$s)',
            tg_relid::regclass, v_column, v_key
        );
    end if;
    return null;
end
$$;
comment on function orchestrator.reset_others() is 'trigger function: true in one row at most';
