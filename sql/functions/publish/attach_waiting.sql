-- orchestrator.attach_waiting: publishes again where statements could not be closed, since a transaction that wrote to the
-- table or published was open: see attach_closes(). Workers call it.
create or replace function orchestrator.attach_waiting()
    returns integer
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_collections text[] := array(
        select c.name
        from orchestrator.collections c
        join orchestrator.plans p on p.id = c.plan_id
        where (p.hooks -> 'closes')::boolean and not (p.plan -> 'closes')::boolean
        order by c.name
    );
begin
    perform orchestrator.publish(v_collections);
    return (
        select count(*)
        from orchestrator.collections c
        join orchestrator.plans p on p.id = c.plan_id and (p.plan -> 'closes')::boolean
        where c.name = any (v_collections)
    );
end
$$;
comment on function orchestrator.attach_waiting() is 'publishes tables again whose statements are not closed yet; how many are now';
