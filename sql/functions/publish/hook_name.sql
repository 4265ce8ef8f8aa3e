-- orchestrator.hook_name: the name of a generated function; cut with a hash where 63 bytes are not enough.
create or replace function orchestrator.hook_name(p_collection text, p_suffix text)
    returns text
    language sql immutable security invoker
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select case
        when octet_length(p_collection || '_' || p_suffix) <= 63 then p_collection || '_' || p_suffix
        else convert_from(
            substr(convert_to(regexp_replace(p_collection, '[^A-Za-z0-9_]', '_', 'g'), 'UTF8'), 1, 52 - octet_length(p_suffix)),
            'UTF8'
        ) || '_' || substr(md5(p_collection), 1, 8) || '_' || p_suffix
    end
$$;
comment on function orchestrator.hook_name(text, text) is 'name in orchestrator_hooks for a collection''s function, at most 63 bytes';
