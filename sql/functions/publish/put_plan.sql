-- orchestrator.put_plan: makes a plan the current one of its collection and rewrites the functions behind its triggers.
-- The same plan again changes nothing, so that a publish which does not concern a table costs its writers nothing.
-- The plan says whether statements are closed: the hooks' wish may have to wait. p_turns: how often to ask for the lock.
create or replace function orchestrator.put_plan(p_collection text, p_plan jsonb, p_hooks jsonb, p_turns integer)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_collection orchestrator.collections;
    v_plan bigint;
    v_content jsonb := p_plan;
begin
    select * into strict v_collection from orchestrator.collections c where c.name = p_collection;
    if (p_hooks -> 'closes')::boolean then
        if not orchestrator.hooks_exist(p_collection) then
            -- a trigger wants a function
            perform orchestrator.write_close(p_collection, null, false);
        end if;
        v_content := jsonb_set(p_plan, '{closes}', to_jsonb(orchestrator.attach_closes(v_collection.table_oid, p_turns)));
    end if;
    if exists (
        select from orchestrator.plans p
        where p.id = v_collection.plan_id and p.plan = v_content and p.hooks = p_hooks
    ) and orchestrator.hooks_exist(p_collection) then
        return;
    end if;
    insert into orchestrator.plans (collection_name, table_oid, plan, hooks)
    values (p_collection, v_collection.table_oid, v_content, p_hooks)
    returning id into v_plan;
    perform orchestrator.write_guards(p_collection, p_hooks -> 'guards');
    perform orchestrator.write_before(p_collection, v_plan, p_plan -> 'columns', (p_hooks -> 'runsSql')::boolean, p_hooks -> 'guards');
    perform orchestrator.write_close(p_collection, v_plan, (p_hooks -> 'closes')::boolean);
    perform orchestrator.write_truncate(p_collection, p_hooks ->> 'deleteGuard');
    if (p_hooks -> 'follows')::boolean or orchestrator.follows(v_collection.table_oid) then
        perform orchestrator.write_after(p_collection, v_plan, p_hooks -> 'after');
        perform orchestrator.attach_after(v_collection.table_oid);
    end if;
    update orchestrator.collections set plan_id = v_plan where name = p_collection;
end
$$;
comment on function orchestrator.put_plan(text, jsonb, jsonb, integer) is 'publishes a plan: stores it and rewrites the generated functions';
