"""Installation, upgrade and removal of the schema `orchestrator` in a database."""
