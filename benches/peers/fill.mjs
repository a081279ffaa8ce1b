// Fills the peers' tables with what the running server answers: the same data by construction, at any size.

const PAGE = 100;

/** Asks the server; a fault ends the run. */
export async function ask(url, query, variables = {}) {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query, variables }) });
  const answer = await response.json();
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

/** Every node of a root list, page by page. */
async function* walk(url, list, fields) {
  let after = null;
  do {
    const query = `query($after: String) { list: ${list.replace("$page", `first: ${PAGE}, after: $after`)} { nodes { ${fields} } pageInfo { hasNextPage endCursor } } }`;
    const { list: page } = await ask(url, query, { after });
    yield* page.nodes;
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after);
}

/** Rows in, many a statement. */
async function insert(db, table, columns, rows) {
  for (let at = 0; at < rows.length; at += 2_000) {
    const some = rows.slice(at, at + 2_000);
    const lists = columns.map((_, column) => some.map((row) => row[column]));
    const values = columns.map(([, type], n) => `$${n + 1}::${type}[]`).join(", ");
    await db.query(`INSERT INTO peer.${table} (${columns.map(([name]) => name).join(", ")}) SELECT * FROM unnest(${values})`, lists);
  }
}

export async function fill(url, db, schema) {
  await db.query(schema);
  const states = new Map();
  for await (const state of walk(url, "states($page)", "iso3 name")) states.set(state.iso3, [states.size + 1, state.iso3, state.name]);
  await insert(db, "state", [["id", "int"], ["iso3", "text"], ["name", "text"]], [...states.values()]);
  const idOf = (iso3) => states.get(iso3)[0];

  const groups = [], members = [];
  for await (const group of walk(url, "workingGroups($page)", "code name members(first: 100) { nodes { code } }")) {
    groups.push([groups.length + 1, group.code, group.name]);
    group.members.nodes.forEach((party, place) => members.push([groups.length, idOf(party.code), place]));
  }
  await insert(db, "working_group", [["id", "int"], ["code", "text"], ["name", "text"]], groups);
  await insert(db, "membership", [["working_group_id", "int"], ["state_id", "int"], ["place", "int"]], members);

  const areas = new Map(), activities = new Map();
  for await (const { reference, title, thematicArea } of walk(url, "activities($page)", "reference title thematicArea { title }")) {
    if (!areas.has(thematicArea.title)) areas.set(thematicArea.title, [areas.size + 1, thematicArea.title]);
    activities.set(reference, [activities.size + 1, reference, title, areas.get(thematicArea.title)[0]]);
  }
  await insert(db, "thematic_area", [["id", "int"], ["title", "text"]], [...areas.values()]);
  await insert(db, "activity", [["id", "int"], ["reference", "text"], ["title", "text"], ["thematic_area_id", "int"]], [...activities.values()]);

  const practices = [], links = [];
  const fields = "slug title summary states { iso3 } activities(first: 10) { nodes { reference } }";
  for await (const practice of walk(url, "goodPractices($page, orderBy: { field: PUBLISHED_AT })", fields)) {
    const id = practices.length + 1;
    practices.push([id, practice.slug, practice.title, practice.summary, idOf(practice.states[0].iso3), id]);
    practice.activities.nodes.forEach(({ reference }) => links.push([id, activities.get(reference)[0]]));
  }
  const columns = [["id", "int"], ["slug", "text"], ["title", "text"], ["summary", "text"], ["state_id", "int"], ["place", "int"]];
  await insert(db, "good_practice", columns, practices);
  await insert(db, "practice_activity", [["practice_id", "int"], ["activity_id", "int"]], links);

  const flows = [], figures = [];
  const observed = "origins { iso3 } destinations { iso3 } observations(first: 100, orderBy: { field: PERIOD }) { nodes { periodStart measure value } pageInfo { hasNextPage } }";
  for await (const flow of walk(url, "flows($page)", observed)) {
    const id = flows.length + 1;
    flows.push([id, idOf(flow.origins[0].iso3), idOf(flow.destinations[0].iso3)]);
    flow.observations.nodes.forEach(({ periodStart, measure, value }, place) => figures.push([figures.length + 1, id, periodStart, measure, value, place]));
  }
  await insert(db, "flow", [["id", "int"], ["origin_id", "int"], ["destination_id", "int"]], flows);
  const figure = [["id", "int"], ["flow_id", "int"], ["period_start", "date"], ["measure", "text"], ["value", "float8"], ["place", "int"]];
  await insert(db, "observation", figure, figures);
  await db.query("ANALYZE");
  return { states: states.size, practices: practices.length, flows: flows.length, figures: figures.length };
}
