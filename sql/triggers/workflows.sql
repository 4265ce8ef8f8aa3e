-- Versioning and publishing of workflows. Publishing is held while orchestrator.define() writes and publishes itself;
-- the setting counts for the owner and superusers alone, since a condition is evaluated as whoever changes the row.
create or replace trigger workflows_a_lock
before insert or update or delete on orchestrator.workflows
for each statement execute function orchestrator.lock_before_change();

create or replace trigger workflows_b_identity
before update on orchestrator.workflows
for each row when (old.id <> new.id or old.key <> new.key)
execute function orchestrator.refuse_change('id and key of workflow can not be changed');

create or replace trigger workflows_b_type
before update on orchestrator.workflows
for each row when (
    (old.type <> new.type or old.sync <> new.sync)
    and not (coalesce(current_setting('orchestrator.publishing', true), '') = 'held' and pg_has_role('orchestrator_owner', 'usage'))
)
execute function orchestrator.refuse_change('type and sync of workflow can not be changed');

create or replace trigger workflows_c_version
before insert or update on orchestrator.workflows
for each row execute function orchestrator.version_workflow();

create or replace trigger workflows_count
after insert on orchestrator.workflows
for each row execute function orchestrator.count_workflow();

create or replace trigger workflows_forget
after delete on orchestrator.workflows
for each row execute function orchestrator.forget_workflow();

create or replace trigger workflows_publish_insert
after insert on orchestrator.workflows
referencing new table as new_rows
for each statement
when (not (coalesce(current_setting('orchestrator.publishing', true), '') = 'held' and pg_has_role('orchestrator_owner', 'usage')))
execute function orchestrator.publish_workflows();

create or replace trigger workflows_publish_update
after update on orchestrator.workflows
referencing old table as old_rows new table as new_rows
for each statement
when (not (coalesce(current_setting('orchestrator.publishing', true), '') = 'held' and pg_has_role('orchestrator_owner', 'usage')))
execute function orchestrator.publish_workflows();

create or replace trigger workflows_publish_delete
after delete on orchestrator.workflows
referencing old table as old_rows
for each statement
when (not (coalesce(current_setting('orchestrator.publishing', true), '') = 'held' and pg_has_role('orchestrator_owner', 'usage')))
execute function orchestrator.publish_workflows();
