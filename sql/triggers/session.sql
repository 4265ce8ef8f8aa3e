-- What ends a session or a key is announced, and another password ends all sessions, whoever sets it.
create or replace trigger users_stamp_password
before update of password on orchestrator.users
for each row when (new.password is distinct from old.password) execute function orchestrator.stamp_password();

create or replace trigger sessions_announce
after update of ended_at on orchestrator.sessions
for each row execute function orchestrator.announce_user();

create or replace trigger sessions_announce_deleted
after delete on orchestrator.sessions
for each row when (old.ended_at is null and old.expires_at > now()) execute function orchestrator.announce_user();

create or replace trigger sessions_announce_truncated
after truncate on orchestrator.sessions
for each statement execute function orchestrator.announce_identity();

create or replace trigger api_keys_announce
after update or delete on orchestrator.api_keys
for each row execute function orchestrator.announce_user();

create or replace trigger api_keys_announce_truncated
after truncate on orchestrator.api_keys
for each statement execute function orchestrator.announce_identity();

create or replace trigger authenticators_keep
after update or delete or truncate on orchestrator.authenticators
for each statement execute function orchestrator.keep_authenticator();
