//! The measured data in plain tables, one a noun, as someone would keep them who writes SQL by hand; filled with what
//! the server answers, so that both hold the same, in the same order.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use serde_json::Value;

use crate::client::Client;

const TABLES: &str = "
CREATE TABLE state (id INTEGER PRIMARY KEY, iso3 TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE working_group (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE membership (working_group_id INTEGER NOT NULL, place INTEGER NOT NULL, state_id INTEGER NOT NULL, PRIMARY KEY (working_group_id, place)) WITHOUT ROWID;
CREATE TABLE thematic_area (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE);
CREATE TABLE activity (id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, title TEXT NOT NULL, thematic_area_id INTEGER NOT NULL);
CREATE TABLE good_practice (id INTEGER PRIMARY KEY, place INTEGER NOT NULL UNIQUE, slug TEXT NOT NULL UNIQUE, title TEXT NOT NULL, summary TEXT NOT NULL, state_id INTEGER NOT NULL);
CREATE INDEX practices_of_state ON good_practice (state_id, place);
CREATE TABLE practice_activity (practice_id INTEGER NOT NULL, activity_id INTEGER NOT NULL, PRIMARY KEY (practice_id, activity_id)) WITHOUT ROWID;
CREATE TABLE flow (id INTEGER PRIMARY KEY, origin_id INTEGER NOT NULL, destination_id INTEGER NOT NULL);
CREATE INDEX flows_of_state ON flow (origin_id, id);
CREATE TABLE observation (flow_id INTEGER NOT NULL, place INTEGER NOT NULL, period_start TEXT NOT NULL, measure TEXT NOT NULL, value REAL, PRIMARY KEY (flow_id, place)) WITHOUT ROWID;
";

/// Fills a new file with what is asked of a running server.
pub fn make(path: &Path, client: &mut Client) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let db = runtime.block_on(Database::connect(url)).expect("a new file");
    let run = |sql: &str| runtime.block_on(db.execute_unprepared(sql)).map(drop).expect("a statement");
    run(TABLES);
    run("BEGIN");
    let mut ids: HashMap<String, usize> = HashMap::new();
    let text = |value: &Value| format!("'{}'", value.as_str().expect("a text").replace('\'', "''"));

    let mut rows = Rows::new();
    for state in walk(client, "states(PAGE)", "iso3 name") {
        let id = id_of(&mut ids, "state", &state["iso3"]);
        rows.add(&run, "state", &format!("{id},{},{}", text(&state["iso3"]), text(&state["name"])));
    }
    for (at, group) in walk(client, "workingGroups(PAGE)", "code name members(first: 100) { nodes { code } }").iter().enumerate() {
        rows.add(&run, "working_group", &format!("{at},{},{}", text(&group["code"]), text(&group["name"])));
        for (place, member) in nodes(&group["members"]).enumerate() {
            rows.add(&run, "membership", &format!("{at},{place},{}", id_of(&mut ids, "state", &member["code"])));
        }
    }
    for activity in walk(client, "activities(PAGE)", "reference title thematicArea { title }") {
        let area = &activity["thematicArea"]["title"];
        let known = ids.len();
        let area_id = id_of(&mut ids, "area", area);
        if ids.len() > known {
            rows.add(&run, "thematic_area", &format!("{area_id},{}", text(area)));
        }
        let id = id_of(&mut ids, "activity", &activity["reference"]);
        rows.add(&run, "activity", &format!("{id},{},{},{area_id}", text(&activity["reference"]), text(&activity["title"])));
    }
    let fields = "slug title summary states { iso3 } activities(first: 10) { nodes { reference } }";
    for (at, practice) in walk(client, "goodPractices(PAGE, orderBy: { field: PUBLISHED_AT })", fields).iter().enumerate() {
        let state = id_of(&mut ids, "state", &practice["states"][0]["iso3"]);
        let words = format!("{},{},{}", text(&practice["slug"]), text(&practice["title"]), text(&practice["summary"]));
        rows.add(&run, "good_practice", &format!("{at},{at},{words},{state}"));
        for activity in nodes(&practice["activities"]) {
            rows.add(&run, "practice_activity", &format!("{at},{}", id_of(&mut ids, "activity", &activity["reference"])));
        }
    }
    let fields = "origins { iso3 } destinations { iso3 } observations(first: 100, orderBy: { field: PERIOD }) { nodes { periodStart measure value } }";
    for (at, flow) in walk(client, "flows(PAGE)", fields).iter().enumerate() {
        let ends = ["origins", "destinations"].map(|end| id_of(&mut ids, "state", &flow[end][0]["iso3"]));
        rows.add(&run, "flow", &format!("{at},{},{}", ends[0], ends[1]));
        for (place, figure) in nodes(&flow["observations"]).enumerate() {
            rows.add(&run, "observation", &format!("{at},{place},{},{},{}", text(&figure["periodStart"]), text(&figure["measure"]), figure["value"]));
        }
    }
    rows.flush(&run);
    run("COMMIT");
    run("ANALYZE");
    runtime.block_on(DatabaseConnection::close(db)).expect("closed");
}

/// Rows that wait for their statement.
struct Rows(Vec<(&'static str, String, usize)>);

impl Rows {
    const fn new() -> Self {
        Self(Vec::new())
    }

    fn add(&mut self, run: &impl Fn(&str), table: &'static str, row: &str) {
        let at = self.0.iter().position(|waiting| waiting.0 == table).unwrap_or_else(|| {
            self.0.push((table, String::new(), 0));
            self.0.len() - 1
        });
        let waiting = &mut self.0[at];
        write!(waiting.1, "{}({row})", if waiting.2 == 0 { "" } else { "," }).expect("a text");
        waiting.2 += 1;
        if waiting.2 == 500 {
            self.flush(run);
        }
    }

    fn flush(&mut self, run: &impl Fn(&str)) {
        for (table, rows, _) in self.0.drain(..) {
            run(&format!("INSERT INTO {table} VALUES {rows}"));
        }
    }
}

/// The number of a thing among those of its kind, in the order in which they are met.
fn id_of(ids: &mut HashMap<String, usize>, kind: &str, name: &Value) -> usize {
    let next = ids.len();
    *ids.entry(format!("{kind} {name}")).or_insert(next)
}

fn nodes(connection: &Value) -> impl Iterator<Item = &Value> {
    connection["nodes"].as_array().expect("nodes").iter()
}

/// Every node of a root list, page by page.
fn walk(client: &mut Client, list: &str, fields: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = Value::Null;
    loop {
        let query = format!(
            "query($after: String) {{ list: {} {{ nodes {{ {fields} }} pageInfo {{ hasNextPage endCursor }} }} }}",
            list.replace("PAGE", "first: 100, after: $after")
        );
        let answer = client.ask(&serde_json::json!({ "query": query, "variables": { "after": after } }).to_string());
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let page = &answer["data"]["list"];
        all.extend(nodes(page).cloned());
        if page["pageInfo"]["hasNextPage"] != true {
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}
