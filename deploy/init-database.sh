#!/bin/sh
# Makes the database and its user, who owns it and may do nothing else. The image of PostgreSQL runs this once, before it
# takes connections, where its folder is empty; it can also be run by hand against any server:
#
#   SILKROUTES_PASSWORD=… PGHOST=db.example.org POSTGRES_USER=postgres deploy/init-database.sh
set -eu

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set password="$SILKROUTES_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE silkroutes LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
-- Order and comparison by bytes: the server sorts by itself, and the same on every engine.
CREATE DATABASE silkroutes OWNER silkroutes TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
REVOKE ALL ON DATABASE silkroutes FROM PUBLIC;
SQL
