-- orchestrator.begin_by_hand(text, jsonb): a started execution of the current version of a key, enabled or not, as begin_version() returns it.
create or replace function orchestrator.begin_by_hand(p_key text, p_context jsonb)
returns table (id bigint, workflow_id bigint, program_id bigint, options text, context text, ancestors text)
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_id bigint;
begin
    select w.id into v_id from orchestrator.workflows w where w.key = p_key and w.current;
    if not found then
        raise exception 'workflow not found' using errcode = 'WF404', detail = p_key;
    end if;
    return query select b.* from orchestrator.begin_version(v_id, p_context) b;
end
$$;
comment on function orchestrator.begin_by_hand(text, jsonb) is 'create an execution that is run by hand; internal';
