-- orchestrator.forget_statements: keeps so many of the newest compiled statements; clients choose the shapes, and there is no end of them.
create or replace function orchestrator.forget_statements(p_keep integer default 10000)
    returns integer
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_forgotten integer;
begin
    delete from orchestrator.compiled_statements s
    where s.created_at < (
        select n.created_at from orchestrator.compiled_statements n order by n.created_at desc offset greatest(p_keep, 1) - 1 limit 1
    );
    get diagnostics v_forgotten = row_count;
    return v_forgotten;
end
$$;
comment on function orchestrator.forget_statements(integer) is 'drops the oldest compiled statements beyond a number; a chore of workers';
