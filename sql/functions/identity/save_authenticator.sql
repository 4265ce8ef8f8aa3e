-- orchestrator.save_authenticator: a new one without an id, else changes of one; null when there is none
create or replace function orchestrator.save_authenticator(p_id bigint, p_values jsonb, p_user_id bigint)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_row orchestrator.authenticators;
begin
    if coalesce(p_values ->> 'authType', 'Email/Password') <> 'Email/Password' then
        raise exception 'unknown authenticator type "%"', p_values ->> 'authType' using errcode = 'WF422';
    end if;
    if p_values ? 'options' and jsonb_typeof(p_values -> 'options') <> 'object' then
        raise exception '"options" must be an object' using errcode = 'WF422';
    end if;
    if p_values ? 'enabled' and jsonb_typeof(p_values -> 'enabled') <> 'boolean' then
        raise exception '"enabled" must be true or false' using errcode = 'WF422';
    end if;
    if p_id is null then
        insert into orchestrator.authenticators (name, auth_type, created_by_id, sort)
        values (
            coalesce(p_values ->> 'name', 's_' || orchestrator.generate_token()), 'Email/Password', p_user_id,
            (select coalesce(max(a.sort), 0) + 1 from orchestrator.authenticators a)
        )
        returning * into v_row;
    else
        select * into v_row from orchestrator.authenticators a where a.id = p_id for update;
    end if;
    update orchestrator.authenticators a
    set
        name = coalesce(p_values ->> 'name', a.name),
        title = case when p_values ? 'title' then p_values ->> 'title' else a.title end,
        description = case when p_values ? 'description' then p_values ->> 'description' else a.description end,
        enabled = coalesce((p_values ->> 'enabled')::boolean, a.enabled),
        options = coalesce(p_values -> 'options', a.options),
        updated_by_id = p_user_id,
        updated_at = now()
    where a.id = v_row.id;
    return v_row.id;
exception when unique_violation then
    raise exception 'name already exists' using errcode = 'WF422';
end
$$;
comment on function orchestrator.save_authenticator(bigint, jsonb, bigint) is
    'for the API: id or null, values, user → id of the authenticator, null when there is none';
