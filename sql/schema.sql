-- orchestrator: our tables and functions. orchestrator_hooks: what publishing generates, one set of functions per managed table.
create schema orchestrator authorization orchestrator_owner;
comment on schema orchestrator is 'pg-orchestrator: workflows that guard and follow every write';
create schema orchestrator_hooks authorization orchestrator_owner;
comment on schema orchestrator_hooks is 'pg-orchestrator: functions generated for managed tables; written by publishing alone';
