-- orchestrator.clear_attempts: the right password was given
create or replace function orchestrator.clear_attempts(p_account text)
returns void
language sql
volatile
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    delete from orchestrator.failed_attempts f where f.account = sha256(convert_to(lower(p_account), 'UTF8'))
$$;
comment on function orchestrator.clear_attempts(text) is 'forgets the failed attempts of an account';
