-- orchestrator.guard_node: trigger function, gives a node its key and refuses changes to nodes of executed versions
create or replace function orchestrator.guard_node()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        if orchestrator.is_executed(new.workflow_id) then
            raise exception using errcode = 'WF422', message = 'Node could not be created in executed workflow';
        end if;
        new.key := coalesce(nullif(new.key, ''), orchestrator.generate_token());
        return new;
    end if;
    if tg_op = 'DELETE' then
        -- nodes go with their workflow, executed or not
        if orchestrator.is_executed(old.workflow_id)
            and exists (select from orchestrator.workflows w where w.id = old.workflow_id) then
            raise exception using errcode = 'WF422', message = 'Nodes in executed workflow could not be deleted';
        end if;
        return old;
    end if;
    if new is not distinct from old then
        return new;
    end if;
    if orchestrator.is_executed(old.workflow_id) or orchestrator.is_executed(new.workflow_id) then
        raise exception using errcode = 'WF422', message = case
            when (new.type, new.config, new.title, new.key) is not distinct from (old.type, old.config, old.title, old.key)
                then 'Nodes in executed workflow could not be moved'
            else 'Nodes in executed workflow could not be reconfigured'
        end;
    end if;
    if new.updated_at = old.updated_at then
        new.updated_at := orchestrator.current_time();
    end if;
    return new;
end
$$;
comment on function orchestrator.guard_node() is 'trigger function: nodes of executed versions are history';
