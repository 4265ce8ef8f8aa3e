-- orchestrator.refuse_change: trigger function, refuses what the trigger's condition found; its argument is the message
create or replace function orchestrator.refuse_change()
returns trigger
language plpgsql
volatile
security invoker
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    raise exception using errcode = 'WF422', message = tg_argv[0];
end
$$;
comment on function orchestrator.refuse_change() is 'trigger function: refuses with the message given to the trigger';
