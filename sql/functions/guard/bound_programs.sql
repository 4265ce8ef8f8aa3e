-- orchestrator.bound_programs: newest programs of the enabled workflows of a type that a write names by key.
create or replace function orchestrator.bound_programs(p_keys jsonb, p_type text)
    returns table (key text, program_id bigint)
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select w.key, (select max(p.id) from orchestrator.programs p where p.workflow_id = w.id)
    from orchestrator.workflows w
    where w.key in (select jsonb_array_elements_text(p_keys))
        and w.enabled
        and w.type = p_type
        and exists (select from orchestrator.programs p where p.workflow_id = w.id)
$$;
comment on function orchestrator.bound_programs(jsonb, text) is 'enabled workflows of a type by key, with their newest program';
