-- Table of contents, in load order. The installer reads it; psql --single-transaction --file runs it as well.
-- Every file of sql/ is listed once, but setup/ (the installer's own steps) and queries/ (what Python reads).

-- once; afterwards migrations/ change them
\ir roles.sql
\ir schema.sql
\ir tables/definition.sql
\ir tables/execution.sql
\ir tables/identity.sql

-- functions, by the station of a write that they serve; run again at every upgrade

-- definition: versions, documents, publishing
\ir functions/definition/generate_token.sql
\ir functions/definition/collection_of.sql
\ir functions/definition/is_executed.sql
\ir functions/definition/lock_publishing.sql
\ir functions/definition/lock_before_change.sql
\ir functions/definition/refuse_change.sql
\ir functions/definition/version_workflow.sql
\ir functions/definition/count_workflow.sql
\ir functions/definition/forget_workflow.sql
\ir functions/definition/check_workflow.sql
\ir functions/definition/publish_changed.sql
\ir functions/definition/publish_workflows.sql
\ir functions/definition/guard_node.sql
\ir functions/definition/publish_nodes.sql
\ir functions/admin/define.sql
\ir functions/admin/document.sql
\ir functions/admin/diagram.sql
\ir functions/admin/set_enabled.sql
\ir functions/admin/enable.sql
\ir functions/admin/disable.sql
\ir functions/admin/rollback.sql

-- triggers on our own tables
\ir triggers/workflows.sql
\ir triggers/flow_nodes.sql

-- last: owners, then who may do what
\ir grants.sql
