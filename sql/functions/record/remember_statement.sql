-- orchestrator.remember_statement: keep what was compiled for a shape, so that other sessions need not compile it.
-- Nobody ever waits here: a shape that another open transaction is just storing is left to it, and a read-only
-- transaction stores nothing.
create or replace function orchestrator.remember_statement(p_shape text, p_statement jsonb)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    if current_setting('transaction_read_only') = 'off'
        and pg_try_advisory_xact_lock(hashtextextended('orchestrator.compiled_statements:' || p_shape, 0))
    then
        insert into orchestrator.compiled_statements (shape, statement)
        values (p_shape, p_statement)
        on conflict (shape) do nothing;
    end if;
end
$$;
comment on function orchestrator.remember_statement(text, jsonb) is 'stores a compiled statement under its shape';
