-- Statistics and categories of workflows as the HTTP API reads them; see system_collections.sql.

create or replace view orchestrator.api_workflow_stats as
    select
        s.key,
        -- what no worker has folded yet counts as well
        s.executed + coalesce((select sum(c.executed) from orchestrator.execution_counts c where c.key = s.key), 0)::bigint as executed,
        s.created_at as "createdAt",
        s.updated_at as "updatedAt"
    from orchestrator.workflow_stats s;
comment on view orchestrator.api_workflow_stats is 'resource workflowStats of the HTTP API';

create or replace view orchestrator.api_workflow_version_stats as
    select
        s.id,
        s.executed + coalesce((select sum(c.executed) from orchestrator.execution_counts c where c.workflow_id = s.id), 0)::bigint as executed,
        s.created_at as "createdAt",
        s.updated_at as "updatedAt"
    from orchestrator.workflow_version_stats s;
comment on view orchestrator.api_workflow_version_stats is 'resource workflowVersionStats of the HTTP API';

create or replace view orchestrator.api_workflow_categories as
    select
        c.id,
        c.title,
        c.color,
        c.sort,
        c.created_at as "createdAt",
        c.updated_at as "updatedAt"
    from orchestrator.workflow_categories c;
comment on view orchestrator.api_workflow_categories is 'resource workflowCategories of the HTTP API';

create or replace view orchestrator.api_workflow_category_relations as
    select
        r.workflow_id as "workflowId",
        r.category_id as "categoryId",
        r.created_at as "createdAt",
        r.updated_at as "updatedAt"
    from orchestrator.workflow_category_relations r;
comment on view orchestrator.api_workflow_category_relations is 'the join table of workflows and categories for the HTTP API';
