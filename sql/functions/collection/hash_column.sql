-- orchestrator.hash_column: trigger function, stores a password as its hash, whoever writes it. Where the column has got
-- another name nothing is written: the password would be stored as it is.
create or replace function orchestrator.hash_column()
    returns trigger
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    if not to_jsonb(new) ? tg_argv[0] then
        raise exception using
            errcode = 'WF422',
            message = format('password column "%s" has another name now', tg_argv[0]),
            hint = 'Give it its name back.';
    end if;
    return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], orchestrator.hash_password(to_jsonb(new) ->> tg_argv[0])));
end
$$;
comment on function orchestrator.hash_column() is 'trigger function: a password as its hash';
