// The four questions: as this server and the hand-written peers are asked, and in PostGraphile's own words; and how to
// bring an answer into one form, so that all can be compared.

const state = (n) => `S${String(2 + 2 * (n % 30)).padStart(2, "0")}`;
const slug = (n) => `practice-${1 + 7 * (n % 2_000)}`;
const nodes = (connection) => connection.nodes;

export const questions = [
  {
    name: "Q1",
    rounds: 1_000,
    variables: () => ({}),
    query: "query Q1 { goodPractices(first: 50, orderBy: {field: PUBLISHED_AT}) { nodes { slug title summary states { iso3 name } activities(first: 10) { nodes { reference title } } } } }",
    own: `query Q1 { goodPractices: allGoodPractices(first: 50, orderBy: PLACE_ASC) { nodes { slug title summary state: stateByStateId { iso3 name }
      activities: practiceActivitiesByPracticeId(first: 10, orderBy: ACTIVITY_ID_ASC) { nodes { activity: activityByActivityId { reference title } } } } } }`,
    plain: (data) => nodes(data.goodPractices).map((p) => ({
      slug: p.slug, title: p.title, summary: p.summary, states: p.states ?? [p.state],
      activities: nodes(p.activities).map((a) => a.activity ?? a),
    })),
  },
  {
    name: "Q2",
    rounds: 200,
    variables: () => ({}),
    query: "query Q2 { workingGroups(first: 20) { nodes { code name members(first: 100) { nodes { code name goodPractices(first: 5, orderBy: {field: PUBLISHED_AT}) { nodes { title activities(first: 10) { nodes { reference thematicArea { title } } } } } } } } } }",
    own: `query Q2 { workingGroups: allWorkingGroups(first: 20, orderBy: PRIMARY_KEY_ASC) { nodes { code name members: membershipsByWorkingGroupId(first: 100, orderBy: PLACE_ASC) { nodes {
      state: stateByStateId { code: iso3 name goodPractices: goodPracticesByStateId(first: 5, orderBy: PLACE_ASC) { nodes { title
        activities: practiceActivitiesByPracticeId(first: 10, orderBy: ACTIVITY_ID_ASC) { nodes { activity: activityByActivityId { reference thematicArea: thematicAreaByThematicAreaId { title } } } } } } } } } } } }`,
    plain: (data) => nodes(data.workingGroups).map((g) => ({
      code: g.code, name: g.name,
      members: nodes(g.members).map((m) => m.state ?? m).map((m) => ({
        code: m.code, name: m.name,
        practices: nodes(m.goodPractices).map((p) => ({ title: p.title, activities: nodes(p.activities).map((a) => a.activity ?? a) })),
      })),
    })),
  },
  {
    name: "Q3",
    rounds: 600,
    variables: (n) => ({ iso3: state(n) }),
    query: "query Q3($iso3: String!) { state(iso3: $iso3) { flows(roles: [ORIGIN], first: 20) { nodes { destinations { iso3 } observations(first: 20, orderBy: {field: PERIOD}) { nodes { periodStart measure value } } } } } }",
    own: `query Q3($iso3: String!) { state: stateByIso3(iso3: $iso3) { flows: flowsByOriginId(first: 20, orderBy: PRIMARY_KEY_ASC) { nodes { destination: stateByDestinationId { iso3 }
      observations: observationsByFlowId(first: 20, orderBy: PLACE_ASC) { nodes { periodStart measure value } } } } } }`,
    plain: (data) => nodes(data.state.flows).map((f) => ({ destinations: f.destinations ?? [f.destination], observations: nodes(f.observations) })),
  },
  {
    name: "Q4",
    rounds: 3_000,
    variables: (n) => ({ slug: slug(n) }),
    query: "query Q4($slug: String!) { goodPractice(slug: $slug) { title summary states { iso3 } } }",
    own: "query Q4($slug: String!) { goodPractice: goodPracticeBySlug(slug: $slug) { title summary state: stateByStateId { iso3 } } }",
    plain: ({ goodPractice: p }) => ({ title: p.title, summary: p.summary, states: p.states ?? [p.state] }),
  },
];
