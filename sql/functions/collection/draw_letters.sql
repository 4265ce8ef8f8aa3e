-- orchestrator.draw_letters: trigger function, fills a column with random letters; how many of which alphabet is said as 12:abc.
create or replace function orchestrator.draw_letters()
    returns trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
declare
    v_alphabet text := substr(tg_argv[1], position(':' in tg_argv[1]) + 1);
    v_drawn text;
begin
    select string_agg(substr(
        v_alphabet,
        1 + (('x' || substr(md5(gen_random_uuid()::text), 1, 15))::bit(60)::bigint % length(v_alphabet))::integer,
        1
    ), '') into v_drawn
    from generate_series(1, split_part(tg_argv[1], ':', 1)::integer);
    return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], v_drawn));
end
$$;
comment on function orchestrator.draw_letters() is 'trigger function: random letters';
