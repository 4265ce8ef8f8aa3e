"""Collections and fields made and changed through the HTTP API, inside the database."""
