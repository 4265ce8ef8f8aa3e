-- orchestrator.act: a whole HTTP action in one statement and one transaction: context, before-workflows, the write and
-- its associations, after-workflows, outcome. What it sets ends with it: the settings in its SET clauses are restored.
create or replace function orchestrator.act(p_request text, out status integer, out body text)
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
    set row_security = off
    set orchestrator.user_id = ''
    set orchestrator.role_name = ''
    set orchestrator.trigger_workflows = ''
    set orchestrator.trace_id = ''
    set orchestrator.chain = ''
as $$
declare
    v_verdict text;
begin
    select c.status, c.body, c.verdict into status, body, v_verdict from orchestrator.carry_out(p_request) c;
    if v_verdict is not null then
        perform orchestrator.enforce(v_verdict);
    end if;
end
$$;
comment on function orchestrator.act(text) is 'carries out create, update or destroy with its workflows; HTTP status and body';
alter function orchestrator.act(text) owner to orchestrator_runner;
