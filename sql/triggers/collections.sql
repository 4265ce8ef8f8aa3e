-- API processes keep the catalog: a change is announced, so that it counts at once.
-- Every change of a field is stamped on its collection.
create or replace trigger collections_announce
after insert or delete or truncate or update of name, revision, filter_target_key, options on orchestrator.collections
for each statement execute function orchestrator.announce_catalog();
