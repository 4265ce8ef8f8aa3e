-- orchestrator.version_workflow: trigger function, keeps one current version a key and freezes executed ones
-- One current version: enabling makes current, the first version is current anyway, and who becomes current demotes the other.
-- Runs before the row is written. Publishing of the demoted version is left to the statement that demotes it.
create or replace function orchestrator.version_workflow()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_publishing text;
    v_other bigint;
begin
    if tg_op = 'UPDATE' then
        if new is not distinct from old then
            return new;
        end if;
        if new.config <> old.config and orchestrator.is_executed(old.id) then
            raise exception using errcode = 'WF422', message = 'config of executed workflow can not be updated';
        end if;
        if new.updated_at = old.updated_at then
            new.updated_at := orchestrator.current_time();
        end if;
        -- the demotion below, seen from the version that is demoted
        if old.current and new.current is null and not new.enabled and pg_trigger_depth() > 1 then
            return new;
        end if;
    end if;
    new.key := coalesce(nullif(new.key, ''), orchestrator.generate_token());
    new.current := nullif(new.current, false);
    if new.enabled then
        new.current := true;
    end if;
    select w.id into v_other
    from orchestrator.workflows w
    where w.key = new.key and w.current and w.id <> new.id;
    if v_other is null then
        new.current := true;
    elsif new.current then
        v_publishing := current_setting('orchestrator.publishing', true);
        perform set_config('orchestrator.publishing', 'held', true);
        update orchestrator.workflows set enabled = false, current = null where id = v_other;
        perform set_config('orchestrator.publishing', coalesce(v_publishing, ''), true);
    end if;
    return new;
end
$$;
comment on function orchestrator.version_workflow() is 'trigger function: one current version a key, executed versions frozen';
