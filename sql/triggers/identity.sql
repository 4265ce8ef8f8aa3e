-- Users and their roles are remembered by API processes for a second: a change is announced, so that it counts at once.
create or replace trigger users_announce
after update or delete or truncate on orchestrator.users
for each statement execute function orchestrator.announce_identity();

create or replace trigger roles_users_announce
after insert or update or delete on orchestrator.roles_users
for each row execute function orchestrator.announce_user();

create or replace trigger roles_users_announce_truncated
after truncate on orchestrator.roles_users
for each statement execute function orchestrator.announce_identity();

-- after users_stamp_password, by its name
create or replace trigger users_write_context
before insert or update on orchestrator.users
for each row execute function orchestrator.write_user_context();

-- the role mode is among them
create or replace trigger identity_settings_announce
after insert or update or delete or truncate on orchestrator.identity_settings
for each statement execute function orchestrator.announce_identity();
