-- orchestrator_hooks.few_rows: whether the client's statement looks as if it wrote only a few rows: by its text, so it may
-- be wrong, and then a statement is slower, no more. A trigger's WHEN asks it. Calling it immutable has the planner answer
-- it, once a statement, and leave out the native guard, whose planning costs more than its twin's calls for a few rows.
-- No SET clause, which would cost what is saved: every name is qualified. EXECUTE for PUBLIC, as for a guard.
create or replace function orchestrator_hooks.few_rows()
    returns boolean
    language plpgsql immutable parallel safe security invoker
as $$
begin
    return pg_catalog.octet_length(pg_catalog.current_query()) operator(pg_catalog.<) 1000
        and (
            pg_catalog.current_query() operator(pg_catalog.~~) '%values%'
            or pg_catalog.current_query() operator(pg_catalog.~~) '%VALUES%'
            or pg_catalog.current_query() operator(pg_catalog.~~) '%orchestrator.act(%'
            -- an application's parameters
            or pg_catalog.current_query() operator(pg_catalog.~~) '%$1%'
                and pg_catalog.current_query() operator(pg_catalog.~~) any (array['update%', 'UPDATE%', 'delete%', 'DELETE%'])
        );
end
$$;
comment on function orchestrator_hooks.few_rows() is 'whether the running statement looks as if it wrote only a few rows';
grant execute on function orchestrator_hooks.few_rows to public;
alter function orchestrator_hooks.few_rows owner to orchestrator_owner;
