-- orchestrator.hash_column: trigger function, stores a password as its hash, whoever writes it.
create or replace function orchestrator.hash_column()
    returns trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], orchestrator.result(
        orchestrator.invoke('orchestrator.engine.passwords:hash_text', to_jsonb(new) ->> tg_argv[0])
    )));
end
$$;
comment on function orchestrator.hash_column() is 'trigger function: a password as its hash';
