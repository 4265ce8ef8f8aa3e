-- orchestrator.sign_in_account: who has this username or e-mail address, and the hash to check his password against.
-- A username wins over another user's address that is spelled the same: an address can be anybody's text.
create or replace function orchestrator.sign_in_account(p_account text)
    returns table (user_id bigint, password_hash text, document text)
    language sql stable security definer
    set search_path = pg_catalog, orchestrator, pg_temp
as $$
    select u.id, u.password, orchestrator.user_context(u.id)::text
    from orchestrator.users u
    where u.username = p_account or u.email = p_account
    order by (u.username = p_account) is true desc
    limit 1
$$;
comment on function orchestrator.sign_in_account(text) is
    'for the API: the user of a username or e-mail address, with the hash of his password';
