-- Table of contents, in load order. The installer reads it; psql --single-transaction --file runs it as well.
-- Every file of sql/ is listed once, but setup/ (the installer's own steps) and queries/ (what Python reads).

-- once; afterwards migrations/ change them
\ir roles.sql
\ir schema.sql
\ir tables/definition.sql
\ir tables/execution.sql
\ir tables/identity.sql

-- functions, by the station of a write that they serve; run again at every upgrade

-- triggers on our own tables

-- last: owners, then who may do what
\ir grants.sql
