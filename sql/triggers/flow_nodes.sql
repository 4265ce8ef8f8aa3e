-- Executed versions keep their nodes; what changes in an enabled workflow is published. See workflows.sql for "held".
create or replace trigger flow_nodes_a_lock
before insert or update or delete on orchestrator.flow_nodes
for each statement execute function orchestrator.lock_before_change();

create or replace trigger flow_nodes_b_guard
before insert or update or delete on orchestrator.flow_nodes
for each row execute function orchestrator.guard_node();

create or replace trigger flow_nodes_publish_insert
after insert on orchestrator.flow_nodes
referencing new table as new_rows
for each statement
when (not (coalesce(current_setting('orchestrator.publishing', true), '') = 'held' and pg_has_role('orchestrator_owner', 'usage')))
execute function orchestrator.publish_nodes();

create or replace trigger flow_nodes_publish_update
after update on orchestrator.flow_nodes
referencing old table as old_rows new table as new_rows
for each statement
when (not (coalesce(current_setting('orchestrator.publishing', true), '') = 'held' and pg_has_role('orchestrator_owner', 'usage')))
execute function orchestrator.publish_nodes();

create or replace trigger flow_nodes_publish_delete
after delete on orchestrator.flow_nodes
referencing old table as old_rows
for each statement
when (not (coalesce(current_setting('orchestrator.publishing', true), '') = 'held' and pg_has_role('orchestrator_owner', 'usage')))
execute function orchestrator.publish_nodes();
