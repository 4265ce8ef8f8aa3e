-- orchestrator.sign_up_account: an account for who wants one, with the roles that newcomers get
create or replace function orchestrator.sign_up_account(p_values jsonb, p_password_hash text)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_id bigint;
    v_constraint text;
begin
    perform orchestrator.check_profile(p_values);
    begin
        insert into orchestrator.users (nickname, username, email, phone, password)
        values (
            p_values ->> 'nickname', p_values ->> 'username', nullif(p_values ->> 'email', ''), p_values ->> 'phone', p_password_hash
        )
        returning id into v_id;
    exception when unique_violation then
        get stacked diagnostics v_constraint = constraint_name;
        perform orchestrator.raise_taken(v_constraint);
    end;
    insert into orchestrator.roles_users (user_id, role_name, "default")
    select v_id, r.name, true from orchestrator.roles r where r."default";
    return v_id;
end
$$;
comment on function orchestrator.sign_up_account(jsonb, text) is
    'for the API: username, email, nickname, phone and a hash → id of the new user; WF422 when a name is taken or none';
