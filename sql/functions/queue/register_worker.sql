-- orchestrator.register_worker(text): a worker begins its life; the number is its name to the functions below.
create or replace function orchestrator.register_worker(p_name text) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_id bigint;
begin
    insert into orchestrator.workers (name, seen_at, started_at)
    values (p_name, clock_timestamp(), clock_timestamp())
    returning id into v_id;
    return v_id;
end
$$;
comment on function orchestrator.register_worker(text) is 'add a worker, return its id';
