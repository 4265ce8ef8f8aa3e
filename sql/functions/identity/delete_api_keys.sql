-- orchestrator.delete_api_keys: keys of a user, all that are named or none
create or replace function orchestrator.delete_api_keys(p_user_id bigint, p_ids bigint[])
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_count integer;
begin
    delete from orchestrator.api_keys k where k.user_id = p_user_id and k.id = any (p_ids);
    get diagnostics v_count = row_count;
    if v_count <> (select count(distinct id) from unnest(p_ids) as id) then
        raise exception 'Not Found' using errcode = 'WF404';
    end if;
    return v_count;
end
$$;
comment on function orchestrator.delete_api_keys(bigint, bigint[]) is 'for the API: user and ids → how many were deleted; WF404 when one is not his';
