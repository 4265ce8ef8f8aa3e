-- orchestrator.wire_time: a time as clients get it, UTC with milliseconds
create or replace function orchestrator.wire_time(p_time timestamptz)
returns text
language sql
immutable
parallel safe
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select to_char(p_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
comment on function orchestrator.wire_time(timestamptz) is 'a time as the HTTP API shows it: 2026-11-21T01:41:43.866Z';
