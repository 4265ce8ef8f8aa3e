-- orchestrator.check_profile: refuses names and addresses that are none
-- No @ in a name: one that is spelled like another's address would take his sign-ins.
create or replace function orchestrator.check_profile(p_values jsonb)
returns void
language plpgsql
immutable
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_name text;
begin
    foreach v_name in array array['nickname', 'username', 'email', 'phone', 'appLang'] loop
        if jsonb_typeof(p_values -> v_name) not in ('string', 'null') then
            raise exception '"%" must be a text', v_name using errcode = 'WF422';
        end if;
    end loop;
    if p_values ->> 'username' !~ '^[^@.<>"''/\s]{1,50}$' then
        raise exception 'Please enter a valid username' using errcode = 'WF422';
    end if;
    if nullif(p_values ->> 'email', '') !~ '^[^@\s]+@[^@\s]+$' then
        raise exception 'Please enter a valid email' using errcode = 'WF422';
    end if;
end
$$;
comment on function orchestrator.check_profile(jsonb) is 'raises WF422 for a username or an address that cannot be one';
