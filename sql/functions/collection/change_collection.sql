-- orchestrator.change_collection: what the HTTP API changes in collections and fields, in one transaction: tables, columns,
-- foreign keys, what is registered of them, triggers. Nothing half-made is left. Returns the HTTP status, a blank, and the body.
-- Creating tables, and triggers in schemas of others, takes the installing superuser. What reaches the server as text is
-- made by the compiler: quoted identifiers, types of its own, and constants, for which standard_conforming_strings is pinned.
-- The lock of publishers comes first, so a table that is written to all the time is waited for only briefly.
create or replace function orchestrator.change_collection(p_request text)
    returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
    set standard_conforming_strings = on
    set row_security = off
    set lock_timeout = '3s'
    set "TimeZone" = 'UTC'
    set "DateStyle" = 'ISO, MDY'
as $$
begin
    perform orchestrator.lock_publishing();
    return orchestrator.result(orchestrator.invoke('orchestrator.tables.change:change', p_request));
end
$$;
comment on function orchestrator.change_collection(text) is
    'creates, changes and drops collections and fields with their tables and columns; HTTP status, a blank, the body';
