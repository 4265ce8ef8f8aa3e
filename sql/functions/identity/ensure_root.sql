-- orchestrator.ensure_root: the root account, made or brought up to date; for the installer
-- A password that changed invalidates the tokens of before; the same hash again changes nothing.
create or replace function orchestrator.ensure_root(p_username text, p_email text, p_password_hash text)
returns bigint
language plpgsql
volatile
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_id bigint;
begin
    insert into orchestrator.users as u (nickname, username, email, password)
    values ('Super Admin', p_username, p_email, p_password_hash)
    on conflict (username) do update
    set
        email = excluded.email,
        password = excluded.password,
        updated_at = now()
    where (u.email, u.password) is distinct from (excluded.email, excluded.password)
    returning u.id into v_id;
    if v_id is null then
        select u.id into strict v_id from orchestrator.users u where u.username = p_username;
    end if;
    insert into orchestrator.roles_users (user_id, role_name, "default")
    values (v_id, 'root', true), (v_id, 'admin', null), (v_id, 'member', null)
    on conflict (user_id, role_name) do nothing;
    return v_id;
end
$$;
comment on function orchestrator.ensure_root(text, text, text) is
    'username, e-mail address, Argon2 hash → id: the account with the roles root, admin and member, made or brought up to date';
