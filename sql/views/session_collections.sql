-- Authenticators and API keys as the HTTP API reads them; hashes of tokens are in no view.

create or replace view orchestrator.api_authenticators as
    select
        a.id,
        a.name,
        a.auth_type as "authType",
        a.title,
        a.description,
        a.enabled,
        a.options,
        a.sort,
        a.created_by_id as "createdById",
        a.updated_by_id as "updatedById",
        a.created_at as "createdAt",
        a.updated_at as "updatedAt"
    from orchestrator.authenticators a;
comment on view orchestrator.api_authenticators is 'resource authenticators of the HTTP API';

create or replace view orchestrator.api_api_keys as
    select
        k.id,
        k.name,
        k.role_name as "roleName",
        k.expires_in as "expiresIn",
        k.expires_at as "expiresAt",
        k.user_id as "createdById",
        k.created_at as "createdAt",
        k.updated_at as "updatedAt"
    from orchestrator.api_keys k;
comment on view orchestrator.api_api_keys is 'resource apiKeys of the HTTP API';
