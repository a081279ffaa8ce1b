//! Whoever walks a connection gets every row once: forwards and backwards, in every order, in pages of any size.
//!
//! Which connections and orders there are is discovered from the schema, so that a new one is walked unasked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::ask::{all, answer, at, data, list, plain, refused, texts, these};
use crate::expect::{catalogue, codes};
use crate::sdl::{Part, served};

/// Entries from which every connection of their type can be walked, most of them to something.
const ENTRIES: [&str; 17] = [
    r#"state(iso3: "PAK")"#,
    r#"state(iso3: "TUR")"#,
    r#"organisation(code: "ICMPD")"#,
    r#"organisation(code: "IOM")"#,
    r#"workingGroup(code: "SILK-ROUTES")"#,
    r#"workingGroup(code: "TWG-LAW")"#,
    r#"document(code: "DECLARATION-2013")"#,
    r#"provision(reference: "1.d")"#,
    r#"thematicArea(numeral: "IV")"#,
    r#"activity(reference: "IV.a")"#,
    r#"activity(reference: "IV.a.ii")"#,
    r#"flow(code: "CA-RUS-LABOUR")"#,
    r#"flow(code: "EAST-MED")"#,
    r#"flow(code: "PAK-SAU")"#,
    r#"goodPractice(slug: "migrant-resource-centres-silk-routes")"#,
    r#"meeting(code: "WG-JOINT-2021")"#,
    r#"meeting(code: "MC-5")"#,
];

/// A connection in one order and with one filter.
#[derive(Clone)]
struct List {
    /// 'Query.states(orderBy: …)'.
    name: String,
    field: String,
    /// Order and filter.
    fixed: String,
    /// Type and id of the entry that it starts from; none at the root.
    owner: Option<(String, String)>,
}

const PAGE: &str = "{ totalCount edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }";

impl List {
    /// Some pages of it, asked for at once under aliases.
    fn pages(&self, arguments: &[String]) -> Vec<Value> {
        let field = |(number, arguments): (usize, &String)| format!("p{number}: {}({} {arguments}) {PAGE}", self.field, self.fixed);
        let fields = arguments.iter().enumerate().map(field).collect::<Vec<_>>().join(" ");
        let query = match &self.owner {
            None => format!("{{ {fields} }}"),
            Some((ty, id)) => format!(r#"{{ node(id: "{id}") {{ ... on {ty} {{ {fields} }} }} }}"#),
        };
        let data = data(&query);
        let owner = if self.owner.is_some() { &data["node"] } else { &data };
        (0..arguments.len()).map(|number| owner[format!("p{number}")].clone()).collect()
    }

    fn page(&self, arguments: &str) -> Value {
        self.pages(&[arguments.to_owned()]).remove(0)
    }

    /// Cursors and ids of a page that is checked to be sound.
    fn rows(&self, page: &Value, arguments: &str, size: usize) -> Vec<(String, String)> {
        let cursors = texts(&page["edges"], "cursor");
        let ids = texts(&page["edges"], "node.id");
        let place = format!("{} {arguments}", self.name);
        assert!(ids.len() <= size, "{place}: {} rows", ids.len());
        assert_eq!(texts(&page["nodes"], "id"), ids, "{place}: nodes are those of the edges");
        let ends = (cursors.first().cloned().map(Value::from), cursors.last().cloned().map(Value::from));
        let told = (page["pageInfo"]["startCursor"].clone(), page["pageInfo"]["endCursor"].clone());
        assert_eq!(told, (ends.0.unwrap_or_default(), ends.1.unwrap_or_default()), "{place}: ends of the page");
        cursors.into_iter().zip(ids).collect()
    }

    fn forward(&self, size: usize) -> Vec<(String, String)> {
        let mut walked: Vec<(String, String)> = Vec::new();
        loop {
            let after = walked.last().map(|(cursor, _)| format!(r#"after: "{cursor}""#)).unwrap_or_default();
            let arguments = format!("first: {size} {after}");
            let page = self.page(&arguments);
            let rows = self.rows(&page, &arguments, size);
            walked.extend(rows.iter().cloned());
            let goes_on = page["pageInfo"]["hasNextPage"] == true;
            assert!(!goes_on || rows.len() == size, "{}: a short page before the end", self.name);
            if !goes_on {
                assert_eq!(page["totalCount"], walked.len(), "{}: totalCount", self.name);
                return walked;
            }
        }
    }

    fn backward(&self, size: usize) -> Vec<(String, String)> {
        let mut walked: Vec<(String, String)> = Vec::new();
        loop {
            let before = walked.first().map(|(cursor, _)| format!(r#"before: "{cursor}""#)).unwrap_or_default();
            let arguments = format!("last: {size} {before}");
            let page = self.page(&arguments);
            let mut rows = self.rows(&page, &arguments, size);
            let goes_on = page["pageInfo"]["hasPreviousPage"] == true;
            assert!(!goes_on || rows.len() == size, "{}: a short page before the start", self.name);
            rows.append(&mut walked);
            walked = rows;
            if !goes_on {
                assert_eq!(page["totalCount"], walked.len(), "{}: totalCount", self.name);
                return walked;
            }
        }
    }

    /// Every page of a walk by small steps, many steps to a request as each cursor is known.
    fn steps(&self, whole: &[(String, String)], size: usize) {
        let starts: Vec<usize> = (0..whole.len()).step_by(size).collect();
        for starts in starts.chunks(14) {
            let forward = starts.iter().map(|start| match start {
                0 => format!("first: {size}"),
                _ => format!(r#"first: {size} after: "{}""#, whole[start - 1].0),
            });
            let backward = starts.iter().map(|start| match start {
                0 => format!("last: {size}"),
                _ => format!(r#"last: {size} before: "{}""#, whole[whole.len() - start].0),
            });
            let arguments: Vec<String> = forward.chain(backward).collect();
            for (place, (page, asked)) in self.pages(&arguments).iter().zip(&arguments).enumerate() {
                let start = starts[place % starts.len()];
                let end = (start + size).min(whole.len());
                let goes_on = end < whole.len();
                let rows = self.rows(page, asked, size);
                assert_eq!(page["totalCount"], whole.len(), "{} {asked}: totalCount", self.name);
                if place < starts.len() {
                    assert_eq!((&rows[..], &page["pageInfo"]["hasNextPage"]), (&whole[start..end], &Value::Bool(goes_on)), "{} {asked}", self.name);
                } else {
                    let (start, end) = (whole.len() - end, whole.len() - start);
                    assert_eq!((&rows[..], &page["pageInfo"]["hasPreviousPage"]), (&whole[start..end], &Value::Bool(goes_on)), "{} {asked}", self.name);
                }
            }
        }
    }

    /// Walks it in all ways; gives its length.
    fn walk(&self) -> usize {
        let whole = self.forward(100);
        let cursors: BTreeSet<&String> = whole.iter().map(|(cursor, _)| cursor).collect();
        assert_eq!(cursors.len(), whole.len(), "{}: a cursor stands twice", self.name);
        assert_eq!(self.backward(100), whole, "{} backwards", self.name);
        assert_eq!(self.forward(7), whole, "{} forwards by 7", self.name);
        assert_eq!(self.backward(7), whole, "{} backwards by 7", self.name);
        self.steps(&whole, 1);
        self.steps(&whole, 2);
        if let Some((last, _)) = whole.last() {
            let page = self.page(&format!(r#"first: 5 after: "{last}""#));
            assert_eq!((list(&page["edges"]).len(), &page["pageInfo"]["hasNextPage"]), (0, &Value::Bool(false)), "{}: behind its end", self.name);
        }
        whole.len()
    }
}

/// Whether the rows of a connection have an id. Those without (events, versions, tasks) are one viewer's alone, and
/// walked in stories of their own.
fn has_id(part: &Part) -> bool {
    served()[served()[served()[part.named()].fields["edges"].named()].fields["node"].named()].fields.contains_key("id")
}

/// Every connection of a type, in every order.
fn lists(ty: &str, owner: Option<&str>) -> Vec<List> {
    let mut lists = Vec::new();
    // What must be asked for something (sums of figures) has stories of its own.
    for (field, part) in served()[ty].fields.iter().filter(|(_, part)| part.is_connection() && has_id(part) && !part.must_be_asked()) {
        let plain =
            |fixed: String| List { name: format!("{ty}.{field}({fixed})"), field: field.clone(), fixed, owner: owner.map(|id| (ty.to_owned(), id.to_owned())) };
        lists.push(plain(String::new()));
        let Some(order) = part.arguments.get("orderBy") else { continue };
        for value in served()[served()[order.named()].fields["field"].named()].values.keys() {
            let filter = if value == "RELEVANCE" { r#"filter: { text: "return" }"# } else { "" };
            lists.extend(["ASC", "DESC"].map(|direction| plain(format!("orderBy: {{ field: {value}, direction: {direction} }} {filter}"))));
        }
    }
    lists
}

#[test]
fn every_list_at_the_root_is_walked_to_both_ends() {
    for list in lists("Query", None) {
        // Contact points and tasks are not for an anonymous reader.
        assert!(list.walk() > 0 || ["contactPoints", "tasks"].contains(&list.field.as_str()), "{} is empty", list.name);
    }
}

#[test]
fn every_list_of_every_kind_of_entry_is_walked_to_both_ends() {
    let mut lengths: BTreeMap<String, usize> = BTreeMap::new();
    for entry in ENTRIES {
        let found = data(&format!("{{ entry: {entry} {{ __typename ... on Node {{ id }} }} }}"));
        let (ty, id) = (texts(&Value::from(vec![found["entry"].clone()]), "__typename"), texts(&Value::from(vec![found["entry"].clone()]), "id"));
        for list in lists(&ty[0], Some(&id[0])) {
            *lengths.entry(format!("{}.{}", ty[0], list.field)).or_default() += list.walk();
        }
    }
    let known: BTreeSet<String> = served()
        .iter()
        .filter(|(name, ty)| ty.keyword == "type" && *name != "Query")
        // Keys are somebody's, and walked where somebody asks (auth.rs).
        .filter(|(name, _)| *name != "Viewer")
        .flat_map(|(name, ty)| ty.fields.iter().filter(|(_, part)| part.is_connection() && has_id(part)).map(move |(field, _)| format!("{name}.{field}")))
        .collect();
    assert_eq!(lengths.keys().cloned().collect::<BTreeSet<_>>(), known, "an example of each");
    // Who attended is not known yet; and no organisation of the catalogue hosts a meeting or has a place in a group.
    let empty: Vec<&String> = lengths.iter().filter(|(_, length)| **length == 0).map(|(name, _)| name).collect();
    assert_eq!(empty, ["Meeting.participants", "Organisation.meetings", "Organisation.workingGroups"], "something to walk in each");
}

#[test]
fn the_lists_at_the_root_hold_all_of_the_catalogue() {
    let files = catalogue();
    for (field, key, expected) in [
        ("states", "iso3", codes(&files.states, "iso3")),
        ("organisations", "code", codes(&files.organisations, "code")),
        ("workingGroups", "code", codes(&files.groups, "code")),
        ("documents", "code", codes(&files.documents, "code")),
        ("activities", "reference", these(files.activities(|_| true))),
        ("goodPractices", "slug", codes(&files.practices, "slug")),
        ("meetings", "code", codes(&files.meetings, "code")),
    ] {
        assert_eq!(these(texts(&all(field, "", key).into(), key)), expected, "{field}");
    }
    let corridors = files.corridors().into_iter().map(|(from, to)| format!("{from}-{to}"));
    let flows: BTreeSet<String> = codes(&files.routes, "code").into_iter().chain(corridors).collect();
    assert_eq!(these(texts(&all("flows", "", "code").into(), "code")), flows);
}

#[test]
fn where_no_order_is_given_lists_run_by_code_and_meetings_newest_first() {
    for (field, key) in [("states", "iso3"), ("organisations", "code"), ("workingGroups", "code"), ("documents", "code"), ("flows", "code")] {
        let found = texts(&all(field, "", key).into(), key);
        let mut sorted = found.clone();
        sorted.sort();
        assert_eq!(found, sorted, "{field}");
    }
    assert_eq!(texts(&all("activities", "", "reference").into(), "reference"), catalogue().activities(|_| true));
    for order in ["", "orderBy: { field: STARTS_ON, direction: DESC }"] {
        let dated: Vec<Value> = all("meetings", order, "code startsOn").into_iter().filter(|meeting| !meeting["startsOn"].is_null()).collect();
        let days = texts(&dated.into(), "startsOn");
        for (place, pair) in days.windows(2).enumerate() {
            let (newer, older) = (crate::expect::span(&pair[0]), crate::expect::span(&pair[1]));
            assert!(newer.1 >= older.0, "{} stands before {} at {place}", pair[0], pair[1]);
        }
    }
    let published = texts(&all("goodPractices", "", "publishedAt").into(), "publishedAt");
    assert!(published.is_sorted_by(|newer, older| newer >= older), "{published:?}");
}

#[test]
fn text_sorts_as_people_sort_it_and_not_by_bytes() {
    let names = |field: &str, order: &str, key: &str| texts(&all(field, &format!("orderBy: {{ field: {order}, direction: ASC }}"), key).into(), key);
    let states = names("states", "NAME", "name");
    let in_order = |names: &[String], wanted: &[&str]| {
        let places: Vec<usize> = wanted.iter().map(|wanted| names.iter().position(|name| name == wanted).unwrap_or_else(|| panic!("no {wanted}"))).collect();
        assert!(places.is_sorted(), "{wanted:?} stand at {places:?}");
    };
    in_order(&states, &["Tunisia", "Türkiye", "Turkmenistan", "Tuvalu", "Uganda"]);
    in_order(&states, &["Costa Rica", "Côte d'Ivoire", "Croatia"]);
    in_order(&states, &["Guinea", "Guinea-Bissau", "Guyana"]);
    let organisations = names("organisations", "NAME", "name");
    in_order(&organisations, &["Babeș-Bolyai University", "BRAC", "Bulgarian Helsinki Committee", "Bureau of Emigration and Overseas Employment"]);
    in_order(&organisations, &["Hungarian Helsinki Committee", "Intergovernmental Consultations on Migration, Asylum and Refugees"]);
    let titles = names("goodPractices", "TITLE", "title");
    in_order(
        &titles,
        &[
            "Georgia: one commission, one analytical system",
            "GLO.ACT: laws, courts and police against traffickers",
            "iGorts: diaspora professionals in the Armenian state",
        ],
    );
    in_order(
        &titles,
        &[
            "Three states in one office at Kapitan Andreevo",
            "Timișoara: a safe stop on the way to resettlement",
            "Triple Win: nurses where there are too many and too few",
        ],
    );
    for names in [states, organisations, titles] {
        let letters: Vec<char> = names.iter().filter_map(|name| plain(name).chars().next()).collect();
        assert!(letters.is_sorted(), "{names:#?}");
    }
}

#[test]
fn a_page_has_its_bounds() {
    for wrong in [
        "first: 101",
        "first: -1",
        "last: 101",
        "last: -1",
        "first: 2147483647",
        "first: 5 last: 5",
        r#"first: 5 after: """#,
        r#"after: "nonsense""#,
        r#"last: 5 before: "ÄÖÜ""#,
    ] {
        refused(&format!("{{ states({wrong}) {{ nodes {{ iso3 }} }} }}"), "BAD_USER_INPUT");
        refused(&format!(r#"{{ state(iso3: "PAK") {{ goodPractices({wrong}) {{ nodes {{ slug }} }} }} }}"#), "BAD_USER_INPUT");
    }
    let page = data(
        "{ all: states(first: 100) { nodes { iso3 } } usual: states { nodes { iso3 } } none: states(first: 0) { totalCount nodes { iso3 } pageInfo { startCursor endCursor } } }",
    );
    assert_eq!((list(at(&page, "all.nodes")).len(), list(at(&page, "usual.nodes")).len()), (100, 20));
    assert_eq!(page["none"], serde_json::json!({ "totalCount": 195, "nodes": [], "pageInfo": { "startCursor": null, "endCursor": null } }));
}

#[test]
fn two_cursors_cut_out_what_lies_between() {
    let edges = data("{ states(first: 9) { edges { cursor node { iso3 } } } }");
    let cursors = texts(at(&edges, "states.edges"), "cursor");
    let codes = texts(at(&edges, "states.edges"), "node.iso3");
    let between = |size: &str| {
        let data = data(&format!(r#"{{ states({size} after: "{}" before: "{}") {{ nodes {{ iso3 }} }} }}"#, cursors[1], cursors[7]));
        texts(at(&data, "states.nodes"), "iso3")
    };
    assert_eq!((between("first: 3"), between("last: 3"), between("first: 100")), (codes[2..5].to_vec(), codes[4..7].to_vec(), codes[2..7].to_vec()));
}

#[test]
fn a_cursor_belongs_to_its_list_order_and_filter() {
    let edges = data(
        r#"{ states(orderBy: { field: NAME }, filter: { regions: [CENTRAL_ASIA] }) { edges { cursor } } state(iso3: "PAK") { goodPractices(first: 2) { edges { cursor } } } }"#,
    );
    let cursor = texts(at(&edges, "states.edges"), "cursor")[1].clone();
    for other in [
        "states(orderBy: { field: NAME }",
        "states(orderBy: { field: NAME, direction: DESC }, filter: { regions: [CENTRAL_ASIA] }",
        "states(orderBy: { field: ISO3 }, filter: { regions: [CENTRAL_ASIA] }",
        "states(filter: { regions: [CENTRAL_ASIA] }",
        "states(orderBy: { field: NAME }, filter: { regions: [CENTRAL_ASIA, EFTA] }",
        r#"states(orderBy: { field: NAME }, filter: { regions: [CENTRAL_ASIA], nameContains: "stan" }"#,
        "organisations(orderBy: { field: NAME }",
        "workingGroups(",
    ] {
        refused(&format!(r#"{{ {other} after: "{cursor}") {{ totalCount }} }}"#), "BAD_USER_INPUT");
        refused(&format!(r#"{{ {other} last: 3 before: "{cursor}") {{ totalCount }} }}"#), "BAD_USER_INPUT");
    }
    let of_pakistan = texts(at(&edges, "state.goodPractices.edges"), "cursor")[0].clone();
    for other in [
        format!(r#"{{ goodPractices(after: "{of_pakistan}") {{ totalCount }} }}"#),
        format!(r#"{{ state(iso3: "TUR") {{ goodPractices(after: "{of_pakistan}") {{ totalCount }} }} }}"#),
        format!(r#"{{ state(iso3: "PAK") {{ goodPractices(roles: [OWNER], after: "{of_pakistan}") {{ totalCount }} }} }}"#),
    ] {
        refused(&other, "BAD_USER_INPUT");
    }
    // The same in other words is the same.
    let same = data(&format!(
        r#"{{ states(filter: {{ regions: [CENTRAL_ASIA] }}, after: "{cursor}", orderBy: {{ direction: ASC, field: NAME }}) {{ totalCount }} }}"#
    ));
    assert_eq!(at(&same, "states.totalCount"), 5);
}

#[test]
fn an_altered_cursor_is_refused_wherever_it_was_altered() {
    let edges = data("{ states(first: 3) { edges { cursor } } }");
    let cursor = texts(at(&edges, "states.edges"), "cursor")[1].clone();
    let mut altered: Vec<String> = (0..cursor.len())
        .map(|place| format!("{}{}{}", &cursor[..place], if cursor.as_bytes()[place] == b'A' { 'B' } else { 'A' }, &cursor[place + 1..]))
        .collect();
    altered.extend([
        cursor[1..].to_owned(),
        cursor[..cursor.len() - 1].to_owned(),
        format!("{cursor}A"),
        format!("{cursor}="),
        format!(" {cursor}"),
        cursor.to_uppercase(),
        cursor.to_lowercase(),
    ]);
    for wrong in altered.iter().filter(|wrong| **wrong != cursor) {
        refused(&format!(r#"{{ states(after: "{wrong}") {{ totalCount }} }}"#), "BAD_USER_INPUT");
    }
    assert!(answer(&format!(r#"{{ states(after: "{cursor}") {{ totalCount }} }}"#)).get("errors").is_none(), "the cursor itself is sound");
}

#[test]
fn a_cursor_tells_nothing_to_who_reads_it() {
    let edges = data("{ states(first: 50, orderBy: { field: NAME }) { edges { cursor node { iso3 name } } } }");
    for edge in list(at(&edges, "states.edges")) {
        let cursor = edge["cursor"].as_str().expect("a cursor");
        assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte)), "{cursor} goes into an address as it is");
        let name = plain(at(edge, "node.name").as_str().expect("a name"));
        assert!(cursor.len() <= 200 && !plain(cursor).contains(&name), "{cursor}");
    }
}
