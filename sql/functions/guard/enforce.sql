-- orchestrator.enforce: does what a verdict says: a notice for a skipped row, else the error with its own SQLSTATE.
create or replace function orchestrator.enforce(p_verdict text)
    returns void
    language plpgsql stable security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_verdict jsonb := p_verdict::jsonb;
    v_message text := v_verdict ->> 'message';
    v_detail text := v_verdict ->> 'detail';
    v_hint text := v_verdict ->> 'hint';
begin
    if v_verdict ? 'skip' then
        raise notice '%', coalesce(nullif(v_verdict ->> 'skip', ''), 'the row was left out by a workflow');
        return;
    end if;
    if v_message is null then
        v_message := 'the operation was refused by a workflow';
    end if;
    if v_verdict ? 'place' then
        raise exception using
            errcode = v_verdict ->> 'sqlstate', message = v_message, detail = coalesce(v_detail, ''), hint = coalesce(v_hint, ''),
            schema = v_verdict #>> '{place,0}', table = v_verdict #>> '{place,1}',
            column = v_verdict #>> '{place,2}';
    elsif v_detail is null and v_hint is null then
        raise exception using errcode = v_verdict ->> 'sqlstate', message = v_message;
    elsif v_hint is null then
        raise exception using errcode = v_verdict ->> 'sqlstate', message = v_message, detail = v_detail;
    elsif v_detail is null then
        raise exception using errcode = v_verdict ->> 'sqlstate', message = v_message, hint = v_hint;
    end if;
    raise exception using
        errcode = v_verdict ->> 'sqlstate', message = v_message, detail = v_detail, hint = v_hint;
end
$$;
comment on function orchestrator.enforce(text) is 'raises the error of a guard''s verdict, or tells that a row is left out';
