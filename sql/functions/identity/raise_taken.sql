-- orchestrator.raise_taken: refuses an account whose name or address is somebody else's
create or replace function orchestrator.raise_taken(p_constraint text)
returns void
language plpgsql
immutable
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    raise exception '% already exists', case p_constraint
        when 'users_username_key' then 'Username'
        when 'users_email_key' then 'Email'
        else 'User'
    end using errcode = 'WF422';
end
$$;
comment on function orchestrator.raise_taken(text) is 'raises WF422 for a violated unique constraint of users, in a user''s words';
