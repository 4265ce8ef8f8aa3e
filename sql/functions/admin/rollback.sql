-- orchestrator.rollback: makes another version of a workflow current and enabled, in one transaction
create or replace function orchestrator.rollback(key text, version bigint)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
begin
    perform orchestrator.lock_publishing();
    if not exists (select from orchestrator.workflows w where w.key = $1 and w.id = $2) then
        raise exception using errcode = 'WF404', message = format('workflow "%s" has no version %s', $1, $2);
    end if;
    update orchestrator.workflows w set enabled = true where w.id = $2 and not w.enabled;
end
$$;
comment on function orchestrator.rollback(text, bigint) is 'makes a version (its id) current and enabled again; the one that was is kept, disabled';
