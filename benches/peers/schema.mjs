// The part of the schema that the four questions touch, written by hand as for any Node server: SQL in batches, one
// loader for each edge, made anew for each request.

import DataLoader from "dataloader";

export const typeDefs = /* GraphQL */ `
  enum GoodPracticeOrderField { PUBLISHED_AT }
  enum ObservationOrderField { PERIOD }
  enum FlowRole { ORIGIN DESTINATION }
  input GoodPracticeOrder { field: GoodPracticeOrderField! }
  input ObservationOrder { field: ObservationOrderField! }
  type Query {
    goodPractices(first: Int!, orderBy: GoodPracticeOrder): GoodPracticeConnection!
    workingGroups(first: Int!): WorkingGroupConnection!
    state(iso3: String!): State
    goodPractice(slug: String!): GoodPractice
  }
  type GoodPracticeConnection { nodes: [GoodPractice!]! }
  type WorkingGroupConnection { nodes: [WorkingGroup!]! }
  type StateConnection { nodes: [State!]! }
  type ActivityConnection { nodes: [Activity!]! }
  type FlowConnection { nodes: [Flow!]! }
  type ObservationConnection { nodes: [Observation!]! }
  type GoodPractice { slug: String! title: String! summary: String! states: [State!]! activities(first: Int!): ActivityConnection! }
  type State {
    code: String! iso3: String! name: String!
    goodPractices(first: Int!, orderBy: GoodPracticeOrder): GoodPracticeConnection!
    flows(roles: [FlowRole!], first: Int!): FlowConnection!
  }
  type WorkingGroup { code: String! name: String! members(first: Int!): StateConnection! }
  type Activity { reference: String! title: String! thematicArea: ThematicArea! }
  type ThematicArea { title: String! }
  type Flow { destinations: [State!]! observations(first: Int!, orderBy: ObservationOrder): ObservationConnection! }
  type Observation { periodStart: String! measure: String! value: Float }
`;

/** A loader of lists: all parents of a level in one statement, each with its first rows. */
const lists = (db, name, text) => {
  const byFirst = new Map();
  return (first, parent) => {
    if (!byFirst.has(first)) {
      byFirst.set(first, new DataLoader(async (parents) => {
        const { rows } = await db.query({ name, text, values: [parents, first] });
        const found = new Map(parents.map((id) => [id, []]));
        for (const row of rows) found.get(row.parent).push(row);
        return parents.map((id) => found.get(id));
      }, { maxBatchSize: 1_000 }));
    }
    return byFirst.get(first).load(parent);
  };
};

const ones = (db, name, text) => {
  const loader = new DataLoader(async (ids) => {
    const { rows } = await db.query({ name, text, values: [ids] });
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id));
  }, { maxBatchSize: 1_000 });
  return (id) => loader.load(id);
};

export const context = (db) => ({
  db,
  state: ones(db, "state", "SELECT id, iso3, iso3 AS code, name FROM peer.state WHERE id = ANY($1)"),
  area: ones(db, "area", "SELECT id, title FROM peer.thematic_area WHERE id = ANY($1)"),
  activities: lists(db, "activities", `SELECT p.id AS parent, a.* FROM unnest($1::int[]) p(id), LATERAL (
    SELECT a.id, a.reference, a.title, a.thematic_area_id FROM peer.practice_activity l JOIN peer.activity a ON a.id = l.activity_id
    WHERE l.practice_id = p.id ORDER BY a.id LIMIT $2) a`),
  members: lists(db, "members", `SELECT g.id AS parent, s.* FROM unnest($1::int[]) g(id), LATERAL (
    SELECT s.id, s.iso3, s.iso3 AS code, s.name FROM peer.membership m JOIN peer.state s ON s.id = m.state_id
    WHERE m.working_group_id = g.id ORDER BY m.place LIMIT $2) s`),
  practices: lists(db, "practices", `SELECT s.id AS parent, p.* FROM unnest($1::int[]) s(id), LATERAL (
    SELECT id, slug, title, summary, state_id FROM peer.good_practice WHERE state_id = s.id ORDER BY place LIMIT $2) p`),
  flows: lists(db, "flows", `SELECT s.id AS parent, f.* FROM unnest($1::int[]) s(id), LATERAL (
    SELECT id, destination_id FROM peer.flow WHERE origin_id = s.id ORDER BY id LIMIT $2) f`),
  observations: lists(db, "observations", `SELECT f.id AS parent, o.* FROM unnest($1::int[]) f(id), LATERAL (
    SELECT to_char(period_start, 'YYYY-MM-DD') AS "periodStart", measure, value FROM peer.observation WHERE flow_id = f.id ORDER BY place LIMIT $2) o`),
});

const nodes = async (rows) => ({ nodes: await rows });
const all = async (db, name, text, values) => (await db.query({ name, text, values })).rows;
const PRACTICE = "SELECT id, slug, title, summary, state_id FROM peer.good_practice";

export const resolvers = {
  Query: {
    goodPractices: (_, { first }, { db }) => nodes(all(db, "first", `${PRACTICE} ORDER BY place LIMIT $1`, [first])),
    workingGroups: (_, { first }, { db }) => nodes(all(db, "groups", "SELECT id, code, name FROM peer.working_group ORDER BY id LIMIT $1", [first])),
    state: async (_, { iso3 }, { db }) => (await all(db, "byCode", "SELECT id, iso3, iso3 AS code, name FROM peer.state WHERE iso3 = $1", [iso3]))[0],
    goodPractice: async (_, { slug }, { db }) => (await all(db, "bySlug", `${PRACTICE} WHERE slug = $1`, [slug]))[0],
  },
  GoodPractice: {
    states: async (practice, _, { state }) => [await state(practice.state_id)],
    activities: (practice, { first }, { activities }) => nodes(activities(first, practice.id)),
  },
  State: {
    goodPractices: (state, { first }, { practices }) => nodes(practices(first, state.id)),
    flows: (state, { first }, { flows }) => nodes(flows(first, state.id)),
  },
  WorkingGroup: { members: (group, { first }, { members }) => nodes(members(first, group.id)) },
  Activity: { thematicArea: (activity, _, { area }) => area(activity.thematic_area_id) },
  Flow: {
    destinations: async (flow, _, { state }) => [await state(flow.destination_id)],
    observations: (flow, { first }, { observations }) => nodes(observations(first, flow.id)),
  },
};
