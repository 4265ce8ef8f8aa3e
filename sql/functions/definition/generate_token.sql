-- orchestrator.generate_token: a short random key, as workflows and nodes carry it
create or replace function orchestrator.generate_token()
returns text
language sql
volatile
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    -- bytes 6 and 8 of a random uuid are not random
    select string_agg(substr('abcdefghijklmnopqrstuvwxyz0123456789', 1 + get_byte(u.bytes, i) % 36, 1), '' order by i)
    from (select uuid_send(gen_random_uuid()) as bytes) u
    cross join unnest(array[0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13]) as i
$$;
comment on function orchestrator.generate_token() is 'eleven random letters and digits';
