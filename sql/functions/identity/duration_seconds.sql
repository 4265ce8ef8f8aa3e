-- orchestrator.duration_seconds: "1d", "30" → seconds; null for what is no duration
create or replace function orchestrator.duration_seconds(p_text text)
returns bigint
language sql
immutable
parallel safe
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    -- no more than a thousand years: beyond, times overflow
    select nullif(least(seconds, 31557600001), 31557600001)
    from regexp_match(lower(trim(p_text)), '^(\d{1,11}) ?([smhdwy]?)$') as part
    cross join lateral (
        select part[1]::bigint * case part[2]
            when 'm' then 60
            when 'h' then 3600
            when 'd' then 86400
            when 'w' then 604800
            when 'y' then 31557600
            else 1
        end as seconds
    ) parsed
$$;
comment on function orchestrator.duration_seconds(text) is 'a number of seconds, or a number with one of s, m, h, d, w, y, in seconds';
