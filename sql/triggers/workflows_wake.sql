-- A workflow that is enabled may have a backlog from before it was disabled.
create or replace trigger workflows_wake
    after insert or update of enabled on orchestrator.workflows
    for each row when (new.enabled)
    execute function orchestrator.wake_enabled();
