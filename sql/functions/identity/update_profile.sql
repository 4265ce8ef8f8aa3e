-- orchestrator.update_profile: what users may change of themselves; other values are left alone
create or replace function orchestrator.update_profile(p_user_id bigint, p_values jsonb)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_constraint text;
begin
    perform orchestrator.check_profile(p_values);
    begin
        update orchestrator.users u
        set
            nickname = case when p_values ? 'nickname' then p_values ->> 'nickname' else u.nickname end,
            username = case when p_values ? 'username' then p_values ->> 'username' else u.username end,
            email = case when p_values ? 'email' then nullif(p_values ->> 'email', '') else u.email end,
            phone = case when p_values ? 'phone' then p_values ->> 'phone' else u.phone end,
            app_lang = case when p_values ? 'appLang' then p_values ->> 'appLang' else u.app_lang end,
            updated_at = now(),
            updated_by_id = p_user_id
        where u.id = p_user_id;
    exception when unique_violation then
        get stacked diagnostics v_constraint = constraint_name;
        perform orchestrator.raise_taken(v_constraint);
    end;
    return orchestrator.user_context(p_user_id)::text;
end
$$;
comment on function orchestrator.update_profile(bigint, jsonb) is
    'for the API: user and any of nickname, username, email, phone, appLang → the user as JSON; WF422 when a name is taken or none';
