-- Permissions are remembered: a change is announced, so that it counts for the next request.
create or replace trigger roles_access
after insert or update or delete or truncate on orchestrator.roles
for each statement execute function orchestrator.announce_access();

create or replace trigger data_sources_roles_access
after insert or update or delete or truncate on orchestrator.data_sources_roles
for each statement execute function orchestrator.announce_access();

create or replace trigger resources_access
after insert or update or delete or truncate on orchestrator.data_sources_roles_resources
for each statement execute function orchestrator.announce_access();

create or replace trigger resources_actions_access
after insert or update or delete or truncate on orchestrator.data_sources_roles_resources_actions
for each statement execute function orchestrator.announce_access();

create or replace trigger scopes_access
after insert or update or delete or truncate on orchestrator.data_sources_roles_resources_scopes
for each statement execute function orchestrator.announce_access();
