-- orchestrator.save_identity_setting: changes values of a setting; those that are not named stay
create or replace function orchestrator.save_identity_setting(p_key text, p_values jsonb, p_user_id bigint)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_name text;
    v_value jsonb;
    v_config jsonb;
    v_seconds bigint;
begin
    for v_name, v_value in select * from jsonb_each(p_values) loop
        case
            when p_key = 'token-policy-config' and v_name in ('tokenExpirationTime', 'sessionExpirationTime', 'expiredTokenRenewLimit') then
                v_seconds := case when jsonb_typeof(v_value) in ('string', 'number') then orchestrator.duration_seconds(v_value #>> '{}') end;
                if v_seconds is null or (v_seconds = 0 and v_name <> 'expiredTokenRenewLimit') then
                    raise exception '"%" must be a duration such as "1d"', v_name using errcode = 'WF422';
                end if;
            when p_key = 'account' and v_name in ('enableEditProfile', 'enableChangePassword') then
                if jsonb_typeof(v_value) <> 'boolean' then
                    raise exception '"%" must be true or false', v_name using errcode = 'WF422';
                end if;
            else
                raise exception 'unknown setting "%"', v_name using errcode = 'WF422';
        end case;
    end loop;
    update orchestrator.identity_settings s
    set config = s.config || p_values, updated_at = now(), updated_by_id = p_user_id
    where s.key = p_key
    returning s.config into v_config;
    if not found then
        raise exception 'Not Found' using errcode = 'WF404';
    end if;
    return v_config::text;
end
$$;
comment on function orchestrator.save_identity_setting(text, jsonb, bigint) is
    'for the API: setting, values and user → all its values; WF422 for what it does not know or cannot be';
