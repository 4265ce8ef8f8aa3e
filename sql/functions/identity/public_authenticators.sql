-- orchestrator.public_authenticators: ways to sign in, as anybody may know them
create or replace function orchestrator.public_authenticators()
returns text
language sql
stable
security definer
set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select coalesce(
        json_agg(
            json_build_object(
                'name', a.name,
                'authType', a.auth_type,
                'authTypeTitle', 'Password',
                'title', a.title,
                'options', coalesce(a.options -> 'public', '{}')
            )
            order by a.sort nulls last, a.id
        ),
        '[]'
    )::text
    from orchestrator.authenticators a
    where a.enabled
$$;
comment on function orchestrator.public_authenticators() is 'for the API: the enabled authenticators with their public options, as JSON';
