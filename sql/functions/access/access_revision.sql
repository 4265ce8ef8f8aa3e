-- orchestrator.access_revision: a number that is another one after every change of what a role may do
create or replace function orchestrator.access_revision()
returns bigint
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select s.revision from orchestrator.access_state s
$$;
comment on function orchestrator.access_revision() is 'changes with every change of roles, their permissions and scopes';
