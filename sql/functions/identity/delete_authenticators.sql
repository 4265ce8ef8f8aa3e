-- orchestrator.delete_authenticators: how many of these there were
create or replace function orchestrator.delete_authenticators(p_ids bigint[])
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_count integer;
begin
    delete from orchestrator.authenticators a where a.id = any (p_ids);
    get diagnostics v_count = row_count;
    return v_count;
end
$$;
comment on function orchestrator.delete_authenticators(bigint[]) is 'for the API: ids → how many authenticators were deleted';
