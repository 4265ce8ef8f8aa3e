-- Table of contents, in load order. The installer reads it; psql --single-transaction --file runs it as well.
-- Every file of sql/ is listed once, but setup/ (the installer's own steps) and queries/ (what Python reads).

\ir session.sql

-- once; afterwards migrations/ change them
\ir roles.sql
\ir schema.sql
\ir tables/definition.sql
\ir tables/execution.sql
\ir tables/identity.sql
\ir tables/session.sql
\ir tables/access.sql
\ir tables/flush.sql
\ir tables/locks.sql

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
\ir functions/admin/announce_catalog.sql
\ir functions/admin/catalog.sql
\ir functions/admin/catalog_revision.sql
\ir functions/admin/column_sequences.sql
\ir functions/admin/field_type.sql
\ir functions/admin/neighbours.sql
\ir functions/admin/refresh_associations.sql
\ir functions/admin/refresh_fields.sql
\ir functions/admin/grant_collection.sql
\ir functions/admin/register_collection.sql
\ir functions/admin/table_key.sql
\ir functions/admin/table_relations.sql
\ir functions/admin/unregister_collection.sql

-- clock
\ir functions/clock/current_time.sql

-- context: who acts
\ir functions/context/actor.sql
\ir functions/context/default_role.sql
\ir functions/context/is_api_login.sql
\ir functions/context/read_environment.sql
\ir functions/context/user_context.sql
\ir functions/context/write_user_context.sql

-- engine: the way into the Python package
\ir functions/engine/invoke.sql
\ir functions/engine/load_engine.sql
\ir functions/engine/result.sql

-- guard: before the row
\ir functions/guard/bound_programs.sql
\ir functions/guard/enforce.sql
\ir functions/guard/few_rows.sql
\ir functions/guard/load_plan.sql
\ir functions/guard/pin_statement.sql
\ir functions/guard/plan_in_snapshot.sql
\ir functions/guard/load_program.sql

-- identity: accounts and sessions
\ir functions/identity/announce_identity.sql
\ir functions/identity/announce_user.sql
\ir functions/identity/api_key_terms.sql
\ir functions/identity/app_key.sql
\ir functions/identity/authenticator_options.sql
\ir functions/identity/begin_attempt.sql
\ir functions/identity/change_password.sql
\ir functions/identity/check_profile.sql
\ir functions/identity/clear_attempts.sql
\ir functions/identity/delete_api_keys.sql
\ir functions/identity/delete_authenticators.sql
\ir functions/identity/duration_seconds.sql
\ir functions/identity/end_session.sql
\ir functions/identity/ensure_root.sql
\ir functions/identity/identity_setting.sql
\ir functions/identity/keep_api_key.sql
\ir functions/identity/keep_authenticator.sql
\ir functions/identity/open_password_reset.sql
\ir functions/identity/open_session.sql
\ir functions/identity/password_of.sql
\ir functions/identity/public_authenticators.sql
\ir functions/identity/raise_taken.sql
\ir functions/identity/renew_session.sql
\ir functions/identity/reset_is_open.sql
\ir functions/identity/reset_password.sql
\ir functions/identity/role_documents.sql
\ir functions/identity/save_authenticator.sql
\ir functions/identity/save_identity_setting.sql
\ir functions/identity/session_claims.sql
\ir functions/identity/sign_in_account.sql
\ir functions/identity/sign_up_account.sql
\ir functions/identity/stamp_password.sql
\ir functions/identity/token_policy.sql
\ir functions/identity/token_state.sql
\ir functions/identity/update_profile.sql
\ir functions/identity/wire_time.sql

-- access: what roles may do
\ir functions/access/access_revision.sql
\ir functions/access/access_document.sql
\ir functions/access/announce_access.sql

-- queue: executions that wait, and their workers
\ir functions/queue/abort_execution.sql
\ir functions/queue/abort_expired.sql
\ir functions/queue/abort_overdue.sql
\ir functions/queue/begin_by_hand.sql
\ir functions/queue/begin_version.sql
\ir functions/queue/cancel.sql
\ir functions/queue/claim_executions.sql
\ir functions/queue/claim_started.sql
\ir functions/queue/claim_waiting.sql
\ir functions/queue/compile_version.sql
\ir functions/queue/fall_asleep.sql
\ir functions/queue/fence_passed.sql
\ir functions/queue/finish_executions.sql
\ir functions/queue/fold_counts.sql
\ir functions/queue/get_up.sql
\ir functions/queue/invoke_queue.sql
\ir functions/queue/lock_suspects.sql
\ir functions/queue/lock_workers.sql
\ir functions/queue/park_executions.sql
\ir functions/queue/publish_sleep.sql
\ir functions/queue/register_worker.sql
\ir functions/queue/rerun.sql
\ir functions/queue/resume.sql
\ir functions/queue/retire_worker.sql
\ir functions/queue/run.sql
\ir functions/queue/run_execution.sql
\ir functions/queue/run_executions.sql
\ir functions/queue/run_version.sql
\ir functions/queue/seconds_to_expiry.sql
\ir functions/queue/set_fence.sql
\ir functions/queue/suspect_execution.sql
\ir functions/queue/sweep_workers.sql
\ir functions/queue/test_node.sql
\ir functions/queue/unpark_executions.sql
\ir functions/queue/waiting_state.sql
\ir functions/queue/wake.sql
\ir functions/queue/wake_enabled.sql

-- record: after the row
\ir functions/record/next_execution_id.sql
\ir functions/record/elements.sql
\ir functions/record/record_executions.sql
\ir functions/record/record_run.sql
\ir functions/record/record_runs.sql
\ir functions/record/remember_statement.sql
\ir functions/record/forget_statements.sql
\ir functions/record/statement.sql

-- queue: the outbox
\ir functions/queue/enqueue.sql
\ir functions/queue/follow.sql

-- action: a request in one statement
\ir functions/action/carry_out.sql
\ir functions/action/act.sql

-- publish: what a superuser alone may write
\ir functions/publish/hook_name.sql
\ir functions/publish/hooks_exist.sql
\ir functions/publish/publishing.sql
\ir functions/publish/put_program.sql
\ir functions/publish/column_expression.sql
\ir functions/publish/rendering_settings.sql
\ir functions/publish/row_expression.sql
\ir functions/publish/write_guards.sql
\ir functions/publish/write_before.sql
\ir functions/publish/write_close.sql
\ir functions/publish/write_truncate.sql
\ir functions/publish/write_after.sql
\ir functions/publish/table_family.sql
\ir functions/publish/set_firing.sql
\ir functions/publish/follows.sql
\ir functions/publish/lock_in_turns.sql
\ir functions/publish/lock_patiently.sql
\ir functions/publish/attach_statement_triggers.sql
\ir functions/publish/refuse_later_triggers.sql
\ir functions/publish/attach_row_triggers.sql
\ir functions/publish/attach_member.sql
\ir functions/publish/closes.sql
\ir functions/publish/is_attached.sql
\ir functions/publish/attach_close.sql
\ir functions/publish/attach_closes.sql
\ir functions/publish/attach_waiting.sql
\ir triggers/dispatcher.sql
\ir functions/publish/attach_after.sql
\ir functions/publish/put_plan.sql
\ir functions/publish/publish.sql
\ir functions/publish/table_columns.sql
\ir functions/publish/known_columns.sql
\ir functions/publish/dispatches.sql
\ir functions/publish/is_behind.sql
\ir functions/publish/detach_triggers.sql
\ir functions/publish/drop_hooks.sql
\ir functions/admin/manage.sql
\ir functions/admin/unmanage.sql

-- collection: tables and columns made through the HTTP API
\ir functions/collection/arrange_collections.sql
\ir functions/collection/attach_filler.sql
\ir functions/collection/change_collection.sql
\ir functions/collection/collection_states.sql
\ir functions/collection/describe_collection.sql
\ir functions/collection/detach_fillers.sql
\ir functions/collection/draw_letters.sql
\ir functions/collection/file_collection.sql
\ir functions/collection/forget_fields.sql
\ir functions/collection/hash_column.sql
\ir functions/collection/hash_password.sql
\ir functions/collection/next_sort.sql
\ir functions/collection/pair_fields.sql
\ir functions/collection/password_matches.sql
\ir functions/collection/put_field.sql
\ir functions/collection/refuse_cycle.sql
\ir functions/collection/reset_others.sql
\ir functions/collection/settle_collections.sql
\ir functions/collection/sort_columns.sql
\ir functions/collection/tables_to_load.sql
\ir functions/collection/take_collection.sql
\ir functions/collection/touch_column.sql

-- administration: documents
\ir functions/admin/define.sql
\ir functions/admin/document.sql
\ir functions/admin/diagram.sql
\ir functions/admin/set_enabled.sql
\ir functions/admin/enable.sql
\ir functions/admin/disable.sql
\ir functions/admin/rollback.sql

-- what the HTTP API reads of our own tables
\ir views/system_collections.sql
\ir views/collection_resources.sql
\ir views/session_collections.sql
\ir views/workflow_collections.sql
\ir views/access_collections.sql

-- administration: what the HTTP API does to them
\ir functions/administration/administer.sql

-- views over all of it
\ir views/hooks.sql

-- triggers on our own tables
\ir triggers/workflows.sql
\ir triggers/workflows_wake.sql
\ir triggers/flow_nodes.sql
\ir triggers/identity.sql
\ir triggers/session.sql
\ir triggers/access.sql
\ir triggers/collections.sql
\ir triggers/ddl.sql
\ir triggers/no_ddl.sql

-- last: owners, then who may do what
\ir grants.sql
