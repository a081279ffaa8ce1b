//! Cited figures: every row of the two tables, with who counted it and where it stands.

use serde_json::{Value, json};

use super::find;
use crate::ask::{all, at, data, list, refused, set, texts, these};
use crate::expect::{Entry, catalogue};

const OBSERVATION: &str = "id measure nature periodStart periodEnd value availability unit status sex ageGroup dimensions { code }
    subject { __typename ... on Flow { code } } source { code name publisher url licence retrievedOn editions } provenance { edition retrievedOn file line rawValue }";

/// The rows of both tables with the code of their flow and the name of their file.
fn rows() -> Vec<(String, &'static str, &'static Entry)> {
    let files = catalogue();
    let corridors = files.corridor_figures.iter().map(|row| (format!("{}-{}", row.text("origin_iso3"), row.text("destination_iso3")), "flow_figures.csv", row));
    let routes = files.route_figures.iter().map(|row| (row.text("flow_code").to_owned(), "route_figures.csv", row));
    corridors.chain(routes).collect()
}

fn observations(flow: &str) -> Vec<Value> {
    let told = data(&format!(r#"{{ flow(code: "{flow}") {{ observations(first: 100) {{ totalCount nodes {{ {OBSERVATION} }} }} }} }}"#));
    let nodes = list(at(&told, "flow.observations.nodes")).to_vec();
    assert_eq!(at(&told, "flow.observations.totalCount"), nodes.len(), "{flow}");
    nodes
}

/// What tells the figures of one flow apart.
fn key(figure: &Value) -> String {
    format!("{} {} {} {}", figure["measure"], figure["periodStart"], figure["periodEnd"], at(figure, "source.code"))
}

#[test]
fn every_figure_of_the_tables_is_told_with_its_source_and_its_place() {
    let rows = rows();
    let mut flows: Vec<&String> = rows.iter().map(|(flow, ..)| flow).collect();
    flows.sort();
    flows.dedup();
    let mut told = 0;
    for flow in flows {
        let mut found = observations(flow);
        told += found.len();
        found.sort_by_key(key);
        let mut expected: Vec<Value> = rows.iter().filter(|(of, ..)| of == flow).map(|(_, file, row)| figure(flow, file, row)).collect();
        expected.sort_by_key(key);
        for figure in &mut found {
            let fields = figure.as_object_mut().expect("fields");
            assert!(
                fields.remove("id").is_some_and(|id| id.is_string())
                    && fields.remove("unit").is_some_and(|unit| unit.as_str().is_some_and(|unit| !unit.is_empty()))
            );
            let edition = fields["provenance"].as_object_mut().and_then(|provenance| provenance.remove("edition")).expect("an edition");
            let editions = fields["source"].as_object_mut().and_then(|source| source.remove("editions")).expect("editions");
            assert!(list(&editions).contains(&edition), "{flow}: {edition} is one of the source's {editions}");
        }
        assert_eq!(found, expected, "{flow}");
    }
    assert_eq!(told, 63);
}

fn figure(flow: &str, file: &str, row: &Entry) -> Value {
    let source = find(&catalogue().sources, "code", row.text("source_code"));
    json!({
        "measure": row.text("measure"), "nature": "FLOW", "periodStart": row.text("period_start"), "periodEnd": row.text("period_end"),
        "value": row.text("value").parse::<f64>().expect("a number"), "availability": "REPORTED", "status": row.text("status"),
        "sex": null, "ageGroup": null, "dimensions": [], "subject": { "__typename": "Flow", "code": flow },
        "source": {
            "code": source.text("code"), "name": source.text("name"), "publisher": source.text("publisher"), "url": source.maybe("url"),
            "licence": source.maybe("licence"), "retrievedOn": source.maybe("retrieved_on"),
        },
        "provenance": { "retrievedOn": source.maybe("retrieved_on"), "file": file, "line": row.value("line"), "rawValue": row.text("value") },
    })
}

#[test]
fn figures_come_newest_first_or_as_asked() {
    let order = |arguments: &str, field: &str| -> Vec<Value> {
        let told = data(&format!(r#"{{ flow(code: "WEST-BALKAN") {{ observations(first: 100 {arguments}) {{ nodes {{ {field} }} }} }} }}"#));
        list(at(&told, "flow.observations.nodes")).iter().map(|node| node[field].clone()).collect()
    };
    let ends = |arguments: &str| order(arguments, "periodEnd").iter().map(|day| day.as_str().expect("a day").to_owned()).collect::<Vec<_>>();
    let newest = ["2024-06-30", "2023-12-31", "2022-12-31", "2022-10-31", "2022-06-30"];
    assert_eq!(ends(""), newest);
    assert_eq!(ends("orderBy: { field: PERIOD }"), newest);
    let mut oldest = ends("orderBy: { field: PERIOD, direction: ASC }");
    oldest.reverse();
    assert_eq!(oldest, newest);
    let values = |direction: &str| {
        order(&format!("orderBy: {{ field: VALUE, direction: {direction} }}"), "value")
            .iter()
            .map(|value| value.as_f64().expect("a number"))
            .collect::<Vec<_>>()
    };
    assert_eq!(values("DESC"), [145_600.0, 128_438.0, 99_068.0, 55_321.0, 10_640.0]);
    assert_eq!(values("ASC"), [10_640.0, 55_321.0, 99_068.0, 128_438.0, 145_600.0]);
}

/// Flow, measure, last day and source of all figures that a filter lets through, over all flows.
fn filtered(filter: &str) -> Vec<String> {
    let flows = all("flows", "", &format!("code observations(first: 100, filter: {{ {filter} }}) {{ nodes {{ measure periodEnd source {{ code }} }} }}"));
    let mut found = Vec::new();
    for flow in flows {
        let line = |node: &Value| format!("{} {} {} {}", flow["code"], node["measure"], node["periodEnd"], at(node, "source.code"));
        found.extend(list(at(&flow, "observations.nodes")).iter().map(line));
    }
    found.sort();
    found
}

fn expected(holds: impl Fn(&str, &Entry) -> bool) -> Vec<String> {
    let rows = rows();
    let line =
        |(flow, _, row): &(String, &str, &Entry)| format!("{:?} {:?} {:?} {:?}", flow, row.text("measure"), row.text("period_end"), row.text("source_code"));
    let mut lines: Vec<String> = rows.iter().filter(|(flow, _, row)| holds(flow, row)).map(line).collect();
    lines.sort();
    lines
}

#[test]
fn each_filter_of_figures_keeps_what_it_says() {
    let within = |row: &Entry, from: &str, to: &str| row.text("period_end") >= from && row.text("period_start") <= to;
    assert_eq!(filtered(""), expected(|_, _| true));
    assert_eq!(filtered("measures: [WORK_PERMITS, DETECTIONS]"), expected(|_, row| ["WORK_PERMITS", "DETECTIONS"].contains(&row.text("measure"))));
    assert_eq!(filtered(r#"flows: ["PAK-SAU", "EAST-MED"]"#), expected(|flow, _| ["PAK-SAU", "EAST-MED"].contains(&flow)));
    assert_eq!(filtered(r#"origins: ["KGZ"]"#), expected(|_, row| row.text("origin_iso3") == "KGZ"));
    assert_eq!(filtered(r#"destinations: ["OMN", "SVN"]"#), expected(|_, row| ["OMN", "SVN"].contains(&row.text("destination_iso3"))));
    assert_eq!(filtered(r#"states: ["BIH"]"#), expected(|_, row| row.text("origin_iso3") == "BIH" || row.text("destination_iso3") == "BIH"));
    assert_eq!(filtered(r#"sources: ["BMET-OBS-2022"]"#), expected(|_, row| row.text("source_code") == "BMET-OBS-2022"));
    assert_eq!(filtered(r#"from: "2023""#), expected(|_, row| within(row, "2023-01-01", "9999")));
    assert_eq!(filtered(r#"to: "2015""#), expected(|_, row| within(row, "0000", "2015-12-31")));
    assert_eq!(filtered(r#"from: "2022-07", to: "2022-07-15""#), expected(|_, row| within(row, "2022-07-01", "2022-07-15")));
    assert_eq!(filtered(r#"from: "2023-08-31", to: "2023-08-31""#), expected(|_, row| within(row, "2023-08-31", "2023-08-31")));
    assert_eq!(filtered(r#"from: "2023-09-01", measures: [LABOUR_DEPARTURES]"#), Vec::<String>::new());
    assert_eq!(filtered("sexes: [FEMALE]"), Vec::<String>::new(), "totals only");
    for nothing in [
        "measures: []",
        "flows: []",
        "states: []",
        "origins: []",
        "destinations: []",
        "sexes: []",
        "ageGroups: []",
        "dimensions: []",
        "sources: []",
        "editions: []",
    ] {
        assert_eq!(filtered(nothing), Vec::<String>::new(), "{nothing}");
    }
    for unknown in [r#"flows: ["PAK-XXX"]"#, r#"states: ["PAX"]"#, r#"origins: ["pak"]"#, r#"destinations: ["Russia"]"#, r#"sources: ["FRONTEX-2022"]"#] {
        refused(&format!(r#"{{ flow(code: "PAK-SAU") {{ observations(filter: {{ {unknown} }}) {{ totalCount }} }} }}"#), "BAD_USER_INPUT");
    }
}

#[test]
fn two_sources_that_counted_the_same_year_both_have_their_say() {
    let told = data(
        r#"{ flow(code: "BGD-SAU") { observations(filter: { from: "2022", to: "2022" }, orderBy: { field: VALUE }) { nodes { value status source { code } } } } }"#,
    );
    let expected = json!([
        { "value": 612_418.0, "status": "FINAL", "source": { "code": "BMET-OBS-2022" } },
        { "value": 612_409.0, "status": "PROVISIONAL", "source": { "code": "BMET-PA-2022" } },
    ]);
    assert_eq!(at(&told, "flow.observations.nodes"), &expected);
}

#[test]
fn a_figure_and_its_source_are_found_again_by_id() {
    let figure = observations("BIH-SVN").remove(0);
    let told = data(&format!("{{ node(id: {}) {{ ... on Observation {{ {OBSERVATION} }} }} }}", figure["id"]));
    assert_eq!(told["node"], figure);
    let sources = all("flows", "", "observations(first: 100) { nodes { source { id code } } }");
    let mut found = Vec::new();
    for flow in &sources {
        found.extend(list(at(flow, "observations.nodes")).iter().map(|node| node["source"].clone()));
    }
    found.sort_by_key(|source| source["code"].to_string());
    found.dedup();
    let cited = rows().into_iter().map(|(_, _, row)| row.text("source_code"));
    assert_eq!(set(&found.clone().into(), "code"), these(cited), "one id for each source");
    let again = data(&format!("{{ node(id: {}) {{ ... on Source {{ code }} }} }}", found[0]["id"]));
    assert_eq!(texts(&Value::from(vec![again["node"].clone()]), "code"), [found[0]["code"].as_str().expect("a code")]);
}
