-- orchestrator.statement: the SQL of a shape, compiled here when nobody has before.
-- The text comes from the compiler alone: what runs nodes may ask for a statement, never say what it is. So nothing that
-- runs as the nodes' role can put another statement in the place of one that a guard has judged.
create or replace function orchestrator.statement(p_shape text)
    returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_key text := encode(sha256(convert_to(orchestrator.catalog_revision() || ':' || p_shape, 'UTF8')), 'hex');
    v_sql text;
begin
    select s.statement ->> 'sql' into v_sql from orchestrator.compiled_statements s where s.shape = v_key;
    if v_sql is null then
        v_sql := orchestrator.result(orchestrator.invoke('orchestrator.compiler.statements:compile_for', p_shape));
        perform orchestrator.remember_statement(v_key, jsonb_build_object('shape', p_shape, 'sql', v_sql));
    end if;
    return v_sql;
end
$$;
comment on function orchestrator.statement(text) is 'the SQL statement of a shape, from the table of compiled ones or from the compiler';
