-- orchestrator.identity_setting: one of the settings of accounts and sessions, as JSON
create or replace function orchestrator.identity_setting(p_key text)
returns text
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select s.config::text from orchestrator.identity_settings s where s.key = p_key
$$;
comment on function orchestrator.identity_setting(text) is 'for the API: token-policy-config or account → its values';
