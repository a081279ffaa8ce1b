-- The measured data as a peer would keep it: one table a noun, keys and indexes for what the four questions ask.
-- `place` is the row's place in the order of this server, so that equal dates stand alike everywhere.
DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;
SET search_path TO peer;
CREATE TABLE state (id int PRIMARY KEY, iso3 text NOT NULL UNIQUE, name text NOT NULL);
CREATE TABLE working_group (id int PRIMARY KEY, code text NOT NULL UNIQUE, name text NOT NULL);
CREATE TABLE membership (
  working_group_id int NOT NULL REFERENCES working_group,
  state_id int NOT NULL REFERENCES state,
  place int NOT NULL,
  PRIMARY KEY (working_group_id, state_id)
);
CREATE INDEX ON membership (working_group_id, place);
CREATE INDEX ON membership (state_id);
CREATE TABLE thematic_area (id int PRIMARY KEY, title text NOT NULL);
CREATE TABLE activity (id int PRIMARY KEY, reference text NOT NULL UNIQUE, title text NOT NULL, thematic_area_id int NOT NULL REFERENCES thematic_area);
CREATE INDEX ON activity (thematic_area_id);
CREATE TABLE good_practice (
  id int PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  title text NOT NULL,
  summary text NOT NULL,
  state_id int NOT NULL REFERENCES state,
  place int NOT NULL UNIQUE
);
CREATE INDEX ON good_practice (state_id, place);
CREATE TABLE practice_activity (
  practice_id int NOT NULL REFERENCES good_practice,
  activity_id int NOT NULL REFERENCES activity,
  PRIMARY KEY (practice_id, activity_id)
);
CREATE INDEX ON practice_activity (activity_id, practice_id);
CREATE TABLE flow (id int PRIMARY KEY, origin_id int NOT NULL REFERENCES state, destination_id int NOT NULL REFERENCES state);
CREATE INDEX ON flow (origin_id, id);
CREATE INDEX ON flow (destination_id, id);
CREATE TABLE observation (
  id int PRIMARY KEY,
  flow_id int NOT NULL REFERENCES flow,
  period_start date NOT NULL,
  measure text NOT NULL,
  value float8,
  place int NOT NULL
);
CREATE UNIQUE INDEX ON observation (flow_id, place);
