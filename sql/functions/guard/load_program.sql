-- orchestrator.load_program: a compiled workflow by id; null when this snapshot is older than it.
create or replace function orchestrator.load_program(p_id bigint)
    returns jsonb
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select p.program from orchestrator.programs p where p.id = p_id
$$;
comment on function orchestrator.load_program(bigint) is 'a compiled workflow version';
