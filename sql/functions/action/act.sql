-- orchestrator.act: a whole HTTP action in one statement and one transaction: context, before-workflows, the write and
-- its associations, after-workflows, outcome. Who, what and which are arguments, the rest is the request.
-- Returns the HTTP status, a blank, and the body.
-- What it sets ends with it: the settings in its SET clauses are restored. They are settings that anybody may set: who is
-- asking is believed where the login was itself granted orchestrator_api, as in orchestrator.actor().
-- A visitor is a user of another database, in place of p_user_id: his document is all there is of him here. It is believed
-- of logins that were granted orchestrator_api, and of nobody else.
-- Everything that is the same for every request is a statement in here, whose plan is kept: called from PL/Python, each
-- would cost a subtransaction and an executor of its own.
create or replace function orchestrator.act(
    p_request text,
    p_collection text,
    p_association text default null,
    p_user_id bigint default null,
    p_role_name text default null,
    p_trigger_workflows text default null,
    p_trace_id text default null,
    p_visitor text default null
)
    returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, orchestrator, pg_temp
    set row_security = off
    set orchestrator.user_id = ''
    set orchestrator.visitor = ''
    set orchestrator.role_name = ''
    set orchestrator.trigger_workflows = ''
    set orchestrator.trace_id = ''
    set orchestrator.chain = ''
as $$
declare
    v_collection text := p_collection;
    v_setting text;
    v_plan bigint;
    v_revision bigint;
    v_user text;
    -- where several act together
    v_roles text[];
    v_outcome orchestrator.outcome;
    v_at timestamptz;
begin
    if p_visitor is not null then
        if not orchestrator.is_api_login() or p_user_id is not null then
            raise exception using errcode = 'WF403', message = 'No permissions';
        end if;
        v_setting := set_config('orchestrator.visitor', p_visitor, true);
    end if;
    v_setting := concat(
        set_config('orchestrator.user_id', coalesce(p_user_id::text, ''), true),
        set_config('orchestrator.role_name', coalesce(p_role_name, ''), true),
        set_config('orchestrator.trigger_workflows', coalesce(p_trigger_workflows, ''), true),
        set_config('orchestrator.trace_id', coalesce(p_trace_id, ''), true)
    );
    if p_association is not null then
        select f.options ->> 'target' into v_collection
        from orchestrator.fields f
        where f.collection_name = p_collection and f.name = p_association;
        -- users and roles are linked, and nothing of theirs is written: what changes is the record's
        if p_request::json ->> 'action' in ('add', 'set', 'remove', 'toggle')
            and not exists (select from orchestrator.collections c where c.name = v_collection)
        then
            v_collection := p_collection;
        end if;
    end if;
    -- one statement for all that is asked: each table costs as much again
    select c.plan_id, c.revision, u.context
    into v_plan, v_revision, v_user
    from orchestrator.collections c
    left join orchestrator.users u on u.id = p_user_id
    where c.name = v_collection;
    if v_plan is null then
        raise exception using errcode = 'WF404',
            message = format('collection "%s" does not exist', coalesce(v_collection, p_collection || '.' || p_association));
    end if;

    if p_role_name = '__union__' then
        select coalesce(array_agg(ru.role_name order by ru.role_name), '{}') into v_roles
        from orchestrator.roles_users ru
        where ru.user_id = p_user_id;
    end if;

    v_outcome := orchestrator.carry_out(
        p_request, v_collection, v_plan, v_revision, coalesce(p_visitor, v_user), p_role_name, session_user, p_trigger_workflows, v_roles
    );

    if v_outcome.workflow_id is not null then
        v_at := coalesce(v_outcome.at, clock_timestamp());
        with counted as (
            insert into orchestrator.execution_counts (workflow_id, key, executed)
            values (v_outcome.workflow_id, v_outcome.key, 1)
        )
        insert into orchestrator.executions
            (workflow_id, key, status, context, jobs, dispatched, started_at, created_at, updated_at)
        values (
            v_outcome.workflow_id, v_outcome.key, v_outcome.status, v_outcome.context, v_outcome.jobs,
            true, v_at, v_at, v_at
        );
    elsif v_outcome.verdict is not null then
        perform orchestrator.enforce(v_outcome.verdict);
    end if;
    return v_outcome.answer;
end
$$;
comment on function orchestrator.act(text, text, text, bigint, text, text, text, text) is
    'carries out what an action writes, with its workflows; HTTP status, a blank, the body';
