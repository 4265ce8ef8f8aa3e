-- orchestrator.app_key: the key that signs the API's tokens, generated at its first use
create or replace function orchestrator.app_key()
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_key text;
begin
    select k.value into v_key from orchestrator.signing_keys k where k.name = 'app';
    if v_key is null then
        -- 244 bits of the server's strong randomness
        insert into orchestrator.signing_keys (name, value)
        values ('app', encode(sha256((gen_random_uuid()::text || gen_random_uuid()::text)::bytea), 'hex'))
        on conflict (name) do nothing;
        select k.value into strict v_key from orchestrator.signing_keys k where k.name = 'app';
    end if;
    return v_key;
end
$$;
comment on function orchestrator.app_key() is 'for the API: the key that signs its tokens';
