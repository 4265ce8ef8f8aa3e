"""What the HTTP API does to our own tables, inside the database: one module a noun, rows in and rows out."""
