-- orchestrator.authenticator_options: what a way to sign in allows; an unknown one is the first that is enabled
create or replace function orchestrator.authenticator_options(p_name text)
returns text
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select a.options::text
    from orchestrator.authenticators a
    where a.enabled
    order by (a.name = p_name) is true desc, a.sort nulls last, a.id
    limit 1
$$;
comment on function orchestrator.authenticator_options(text) is 'for the API: the options of an authenticator';
