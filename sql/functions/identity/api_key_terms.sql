-- orchestrator.api_key_terms: when a key that is made now is issued and expires
-- "never" is a thousand years: a token has to say an end.
create or replace function orchestrator.api_key_terms(p_user_id bigint, p_role_name text, p_expires_in text)
returns table (issued_at double precision, expires_at bigint)
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_now double precision := extract(epoch from clock_timestamp());
    v_seconds bigint := orchestrator.duration_seconds(case p_expires_in when 'never' then '1000y' else p_expires_in end);
begin
    if not exists (select from orchestrator.roles_users ru where ru.user_id = p_user_id and ru.role_name = p_role_name) then
        raise exception 'Role not found' using errcode = 'WF422';
    end if;
    if v_seconds is null or v_seconds = 0 then
        raise exception '"expiresIn" must be a number of seconds, a text like "30d", or "never"' using errcode = 'WF422';
    end if;
    return query select v_now, floor(v_now)::bigint + v_seconds;
end
$$;
comment on function orchestrator.api_key_terms(bigint, text, text) is
    'for the API: user, one of his roles, "30d" or "never" → issue and end of the token (s)';
