-- orchestrator.put_program: the id of a compiled version; a new row only when the text differs from the newest one.
create or replace function orchestrator.put_program(p_workflow_id bigint, p_program jsonb)
    returns bigint
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_id bigint;
begin
    select p.id into v_id
    from orchestrator.programs p
    where p.workflow_id = p_workflow_id
        and p.program = p_program
        and p.id = (select max(n.id) from orchestrator.programs n where n.workflow_id = p_workflow_id);
    if v_id is null then
        insert into orchestrator.programs (workflow_id, program)
        values (p_workflow_id, p_program)
        returning id into v_id;
    end if;
    return v_id;
end
$$;
comment on function orchestrator.put_program(bigint, jsonb) is 'stores a compiled version unless it is the newest one already';
