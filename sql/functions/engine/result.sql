-- orchestrator.result: the value in an envelope of orchestrator.invoke(), or its error, raised here so that the
-- message is the message.
create or replace function orchestrator.result(p_envelope text)
    returns text
    language plpgsql stable security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_envelope jsonb := p_envelope::jsonb;
begin
    if v_envelope ? 'error' then
        perform orchestrator.enforce((v_envelope -> 'error')::text);
    end if;
    return v_envelope ->> 'value';
end
$$;
comment on function orchestrator.result(text) is 'opens an envelope of invoke(): returns the value or raises the error';
