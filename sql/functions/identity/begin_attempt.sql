-- orchestrator.begin_attempt: counts a password that is about to be tried; returns seconds to wait, or null
-- Counted before it is checked, so that attempts in parallel are counted too. From one address an account gets ten, then
-- one a minute; from all addresses together a hundred, then one in six seconds.
create or replace function orchestrator.begin_attempt(p_account text, p_address text)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_account bytea := sha256(convert_to(lower(p_account), 'UTF8'));
    v_address text := coalesce(nullif(p_address, ''), '?');
    v_counted integer;
begin
    delete from orchestrator.failed_attempts f
    using (
        select o.account, o.address from orchestrator.failed_attempts o
        where o.at < now() - interval '1 hour'
        limit 100
        for update skip locked
    ) old
    where (f.account, f.address) = (old.account, old.address);
    -- a refused attempt is not counted: whoever goes on trying shuts nobody out for longer
    insert into orchestrator.failed_attempts as f (account, address, level, at)
    values (v_account, '', 1, clock_timestamp()), (v_account, v_address, 1, clock_timestamp())
    on conflict (account, address) do update
    set level = greatest(f.level - extract(epoch from excluded.at - f.at) / case f.address when '' then 6 else 60 end, 0) + 1, at = excluded.at
    where f.level - extract(epoch from excluded.at - f.at) / case f.address when '' then 6 else 60 end + 1 <= case f.address when '' then 100 else 10 end;
    get diagnostics v_counted = row_count;
    if v_counted = 2 then
        return null;
    end if;
    return (
        select greatest(ceil(max(
            (f.level + 1 - case f.address when '' then 100 else 10 end) * case f.address when '' then 6 else 60 end
            - extract(epoch from clock_timestamp() - f.at)
        )), 1)
        from orchestrator.failed_attempts f
        where f.account = v_account and f.address in ('', v_address)
    );
end
$$;
comment on function orchestrator.begin_attempt(text, text) is 'for the API: account and address of a password that is tried → seconds to wait first, null for none';
