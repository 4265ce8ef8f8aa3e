"""Hosts of the engine: plpy inside the backend, psycopg outside. Only hosts wait for a database."""
