-- orchestrator.test_node: what a node of this type and configuration comes to, without variables: {status, result, log}.
-- What it writes is undone.
create or replace function orchestrator.test_node(p_type text, p_config jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
set "TimeZone" = 'UTC'
set "DateStyle" = 'ISO, MDY'
set row_security = off
as $$
begin
    return orchestrator.result(orchestrator.invoke_queue('test_node', p_type, p_config::text))::jsonb;
end
$$;
comment on function orchestrator.test_node(text, jsonb) is 'try a node out; internal';
alter function orchestrator.test_node(text, jsonb) owner to orchestrator_runner;
