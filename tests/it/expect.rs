//! What the catalogue's files say, read anew and by other means than the server's: expected values come from here.
//!
//! Entries stay as loose as the files are: a field that is left out is an empty text, an empty list or null.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Map, Value};

/// One entry of a file.
#[derive(Clone, Debug)]
pub struct Entry(Value);

impl Entry {
    /// A field as text; empty where it is left out.
    pub fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    /// A field as the API gives it: null where it is left out.
    pub fn maybe(&self, key: &str) -> Value {
        Some(self.text(key)).filter(|text| !text.is_empty()).map_or(Value::Null, Value::from)
    }

    /// A field as it stands.
    pub fn value(&self, key: &str) -> &Value {
        &self.0[key]
    }

    /// A list of texts, in the order of the file.
    pub fn list(&self, key: &str) -> Vec<&str> {
        self.entries(key).map(|value| value.as_str().expect("a text")).collect()
    }

    /// A list of texts as a set.
    pub fn set(&self, key: &str) -> BTreeSet<String> {
        self.list(key).into_iter().map(str::to_owned).collect()
    }

    /// A list of tables.
    pub fn tables(&self, key: &str) -> Vec<Entry> {
        self.entries(key).cloned().map(Entry).collect()
    }

    /// Whether a list names something.
    pub fn names(&self, key: &str, wanted: &str) -> bool {
        self.list(key).contains(&wanted)
    }

    fn entries(&self, key: &str) -> impl Iterator<Item = &Value> {
        self.0[key].as_array().into_iter().flatten()
    }

    /// Text and address of every citation, in order.
    pub fn citations(&self) -> Vec<Value> {
        self.entries("citations").cloned().collect()
    }
}

/// Everything that the server ships.
pub struct Catalogue {
    pub edition: Entry,
    pub states: Vec<Entry>,
    pub areas: Vec<Entry>,
    pub organisations: Vec<Entry>,
    pub groups: Vec<Entry>,
    pub documents: Vec<Entry>,
    pub provisions: Vec<Entry>,
    pub routes: Vec<Entry>,
    pub meetings: Vec<Entry>,
    pub sources: Vec<Entry>,
    pub corridor_figures: Vec<Entry>,
    pub route_figures: Vec<Entry>,
    pub practices: Vec<Entry>,
}

/// The catalogue, read once.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| Catalogue {
        edition: Entry(toml::from_str(&read("edition.toml")).expect("TOML")),
        states: table("states.csv"),
        areas: table("areas.csv"),
        organisations: table("organisations.csv"),
        groups: list("working_groups.toml", "working_group"),
        documents: list("documents.toml", "document"),
        provisions: list("provisions.toml", "provision"),
        routes: list("flows.toml", "route"),
        meetings: list("meetings.toml", "meeting"),
        sources: table("sources.csv"),
        corridor_figures: table("flow_figures.csv"),
        route_figures: table("route_figures.csv"),
        practices: practices(),
    })
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("catalogue")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

fn list(name: &str, key: &str) -> Vec<Entry> {
    let file: Value = toml::from_str(&read(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    Entry(file).tables(key)
}

/// The practices by slug; a translation (`slug.ru.md`) adds to the entry of its slug.
fn practices() -> Vec<Entry> {
    let mut names: Vec<String> = fs::read_dir(folder().join("good_practices"))
        .expect("practices")
        .map(|file| file.expect("a file").file_name().into_string().expect("a name"))
        .filter(|name| name.matches('.').count() == 1 && Path::new(name).extension().is_some_and(|end| end == "md"))
        .collect();
    names.sort();
    names.iter().map(|name| practice(name)).collect()
}

fn practice(name: &str) -> Entry {
    let file = read(&format!("good_practices/{name}"));
    let (front, body) = file.strip_prefix("+++\n").and_then(|rest| rest.split_once("\n+++")).unwrap_or_else(|| panic!("{name} has no +++"));
    let mut fields: Map<String, Value> = toml::from_str(front).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    fields.insert("body".into(), body.trim().into());
    Entry(fields.into())
}

/// A table with a line of names at its head; `line` is where a row stands in the file.
fn table(name: &str) -> Vec<Entry> {
    let file = read(name);
    let mut rows = file.lines().map(cells);
    let names = rows.next().unwrap_or_else(|| panic!("{name} is empty"));
    let entry = |(number, row): (usize, Vec<String>)| {
        assert_eq!(row.len(), names.len(), "{name}, line {}", number + 2);
        let mut fields: Map<String, Value> = names.iter().cloned().zip(row.into_iter().map(Value::from)).collect();
        fields.insert("line".into(), (number + 2).into());
        Entry(fields.into())
    };
    rows.enumerate().map(entry).collect()
}

fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cells.last_mut().expect("a cell").extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cells.last_mut().expect("a cell").push(other),
        }
    }
    cells
}

/// The codes of all entries, under the name that the file has for them.
pub fn codes(entries: &[Entry], key: &str) -> BTreeSet<String> {
    entries.iter().map(|entry| entry.text(key).to_owned()).collect()
}

impl Catalogue {
    /// Provisions of one kind, in the order of the Declaration.
    pub fn of_kind(&self, kind: &str) -> Vec<&Entry> {
        let mut found: Vec<&Entry> = self.provisions.iter().filter(|provision| provision.text("kind") == kind).collect();
        found.sort_by_key(|provision| provision.value("ordinal").as_i64());
        found
    }

    /// References of the activities for which something holds, in the order of the Declaration.
    pub fn activities(&self, holds: impl Fn(&Entry) -> bool) -> Vec<String> {
        self.of_kind("ACTIVITY").into_iter().filter(|activity| holds(activity)).map(|activity| activity.text("reference").to_owned()).collect()
    }

    /// Origin and destination of every corridor: where there is a figure, there is a corridor.
    pub fn corridors(&self) -> BTreeSet<(String, String)> {
        let ends = |figure: &Entry| (figure.text("origin_iso3").to_owned(), figure.text("destination_iso3").to_owned());
        self.corridor_figures.iter().map(ends).collect()
    }

    /// Whether a group works on an activity: taken up, of its areas, or raised by a route in its focus.
    pub fn works_on(&self, group: &Entry, activity: &str) -> bool {
        group.names("activities", activity)
            || group.names("areas", area_of(activity))
            || self.routes.iter().any(|route| route.names("working_groups", group.text("code")) && route.names("activities", activity))
    }

    /// The places of parties in a group on a day, as (party, role): the leading role of each, in the order of roles.
    pub fn places(&self, group: &str, day: &str) -> Vec<(String, String)> {
        let group = self.groups.iter().find(|entry| entry.text("code") == group).expect("a group");
        let mut places: Vec<(String, String)> = Vec::new();
        for role in ["CHAIR", "CO_CHAIR"] {
            let holds = |member: &&Entry| {
                member.text("role") == role && (member.text("since") <= day) && (member.text("until").is_empty() || day <= member.text("until"))
            };
            places.extend(group.tables("members").iter().filter(holds).map(|member| (member.text("party").to_owned(), role.to_owned())));
        }
        places.extend(group.list("focus_states").into_iter().map(|state| (state.to_owned(), "FOCUS".to_owned())));
        places
    }

    /// The states of a route in a role: as its entry lists them, else from its legs.
    pub fn role(route: &Entry, role: &str) -> BTreeSet<String> {
        if !(route.list("origins").is_empty() && route.list("transits").is_empty() && route.list("destinations").is_empty()) {
            return route.set(role);
        }
        let ends = |key: &str| -> BTreeSet<String> { route.tables("legs").iter().map(|leg| leg.text(key).to_owned()).collect() };
        let (from, to) = (ends("from"), ends("to"));
        match role {
            "origins" => from.difference(&to).cloned().collect(),
            "transits" => from.intersection(&to).cloned().collect(),
            _ => to.difference(&from).cloned().collect(),
        }
    }

    /// Whether a practice serves something that its activities say: an area by numeral, or a goal by reference.
    pub fn serves(&self, practice: &Entry, wanted: &str) -> bool {
        let goal = |activity: &str| self.provisions.iter().any(|entry| entry.text("reference") == activity && entry.names("goals", wanted));
        practice.list("activities").into_iter().any(|activity| area_of(activity) == wanted || goal(activity))
    }
}

/// The numeral of the thematic area of an activity.
pub fn area_of(activity: &str) -> &str {
    activity.split('.').next().unwrap_or_default()
}

/// Whether the legs of a route lead from one state to another, over any number of steps.
pub fn leads(route: &Entry, from: &str, to: &str) -> bool {
    let legs = route.tables("legs");
    let mut reached = BTreeSet::from([from.to_owned()]);
    loop {
        let next: BTreeSet<String> = legs.iter().filter(|leg| reached.contains(leg.text("from"))).map(|leg| leg.text("to").to_owned()).collect();
        if next.contains(to) {
            return true;
        }
        let before = reached.len();
        reached.extend(next);
        if reached.len() == before {
            return false;
        }
    }
}

/// First and last day that a date may mean, as ISO 8601 text: '2016-02' is 2016-02-01 to 2016-02-31, which sorts well.
pub fn span(date: &str) -> (String, String) {
    let parts: Vec<&str> = date.split('-').collect();
    let month = |end: &str| parts.get(1).map_or_else(|| if end == "01" { "01".to_owned() } else { "12".to_owned() }, |month| (*month).to_owned());
    let day = |end: &str| parts.get(2).map_or_else(|| end.to_owned(), |day| (*day).to_owned());
    (format!("{}-{}-{}", parts[0], month("01"), day("01")), format!("{}-{}-{}", parts[0], month("31"), day("31")))
}

/// Whether something that began and ended on dates as well as they are known overlaps a range; an open end is empty.
pub fn overlaps(begun: &str, ended: &str, from: &str, to: &str) -> bool {
    !begun.is_empty() && (from.is_empty() || span(ended).1 >= span(from).0) && (to.is_empty() || span(begun).0 <= span(to).1)
}
