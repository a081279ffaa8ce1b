//! Lists as files, as analysts take them: CSV, NDJSON and workbooks hold what a walk over the pages shows, say whose the
//! figures are, start no formula, and are whole or break off.

use std::io::{Cursor, Read as _};
use std::time::Duration;

use calamine::{Data, Reader as _, Xlsx};
use serde_json::{Map, Value, json};
use silkroutes::domain::viewer::Role;

use crate::app::{Reply, TestApp, query_path, request, then};
use crate::ask;
use crate::commands::{err, run};
use crate::contribution::{Stage, content};
use crate::http2::ask_and_take_nothing;
use crate::place::Place;

const FIGURES: &str = "query Figures { observations { nodes {
    measure value periodEnd availability sex ageGroup subject { ... on Flow { code } ... on State { iso3 } } dimensions { code } source { code name } } } }";

/// The file that a query gives.
fn file(app: &TestApp, query: &str, format: &str) -> Reply {
    let reply = app.get(&format!("{}&format={format}", query_path(query)), &[]);
    assert_eq!(reply.status, 200, "{query}: {}", reply.text());
    reply
}

/// Cells of a CSV file, read by rules of our own: RFC 4180, and nothing else.
fn cells(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut cell, mut is_open) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_open && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => is_open = !is_open,
            ',' if !is_open => row.push(std::mem::take(&mut cell)),
            '\r' if !is_open => {
                assert_eq!(letters.next(), Some('\n'), "a line ends in CR LF");
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            '\n' if !is_open => panic!("a line ends in CR LF"),
            letter => cell.push(letter),
        }
    }
    assert!(!is_open && row.is_empty() && cell.is_empty(), "the file ends with a line");
    rows
}

/// A value of an answer as a cell has it.
fn as_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(as_cell).collect::<Vec<_>>().join("; "),
        Value::Number(number) if number.as_f64().is_some_and(|n| n.fract() == 0.0) => format!("{:.0}", number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

const BOOK: &str = ",\"Book, of \"\"ours\"\"\",Office,https://example.org/book,CC BY 4.0\n";

/// A server with figures of our own: many, and with texts that look like formulas.
fn office(change: impl FnOnce(&mut silkroutes::config::Settings)) -> TestApp {
    let place = Place::new();
    import_book(&place);
    TestApp::in_place(place, then, change)
}

/// Brings 293 figures of one source in.
pub fn import_book(place: &Place) {
    let mut rows = String::from("measure,origin,destination,period,value,source,age_group,source_name,publisher,url,licence\n");
    for year in 1951..2024 {
        for (n, (origin, destination)) in [("AFG", "TUR"), ("PAK", "TUR"), ("IRQ", "DEU"), ("BGD", "ITA")].into_iter().enumerate() {
            let value = (year * (n + 1)).to_string();
            let year = year.to_string();
            rows.extend(["REFUGEES,", origin, ",", destination, ",", &year, ",", &value, ",OUR-BOOK,", BOOK]);
        }
    }
    rows.extend(["REFUGEES,AFG,TUR,2020,7,OUR-BOOK,=HYPERLINK(1)", BOOK]);
    std::fs::write(place.path().join("book.csv"), rows).expect("written");
    let done = run(place.path(), &["import", "csv", "book.csv", "--retrieved-on", "2026-11-23"]);
    assert!(done.status.success(), "{}", err(&done));
}

#[test]
fn a_csv_file_holds_every_figure_of_the_walk_and_says_whose_it_is() {
    let app = TestApp::shared();
    let reply = file(app, FIGURES, "csv");
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"Figures-2025-10-09.csv\""));
    assert_eq!((reply.header("cache-control"), reply.header("etag")), (Some("no-store"), None));
    let rows = cells(&reply.text());
    let names =
        ["measure", "value", "periodEnd", "availability", "sex", "ageGroup", "subject.code", "subject.iso3", "dimensions.code", "source.code", "source.name"];
    assert_eq!(rows[0][..11], names);
    assert_eq!(rows[0][11..], ["sourceCode", "unit", "licence", "citation"]);
    let walked = ask::all(
        "observations",
        "",
        "measure value periodEnd availability sex ageGroup subject { ... on Flow { code } ... on State { iso3 } } dimensions { code } source { code name licence publisher url retrievedOn } unit provenance { edition retrievedOn }",
    );
    assert!(walked.len() > 20, "the catalogue has figures");
    assert_eq!(rows.len() - 1, walked.len());
    for (row, node) in rows[1..].iter().zip(&walked) {
        let field = |path: &str| as_cell(ask::at(node, path));
        let codes: Vec<Value> = ask::list(&node["dimensions"]).iter().map(|d| d["code"].clone()).collect();
        let told = ["measure", "value", "periodEnd", "availability", "sex", "ageGroup", "subject.code", "subject.iso3"].map(field);
        assert_eq!(row[..8], told);
        assert_eq!(row[8], as_cell(&Value::Array(codes)));
        assert_eq!(row[9..14], ["source.code", "source.name", "source.code", "unit", "source.licence"].map(field));
        let citation = &row[14];
        assert!(
            citation.starts_with(&format!("{}: {}, edition {}.", field("source.publisher"), field("source.name"), field("provenance.edition"))),
            "{citation}"
        );
    }
}

#[test]
fn ndjson_holds_the_nodes_as_they_are_answered() {
    let app = TestApp::shared();
    let reply = file(app, "{ goodPractices { nodes { slug title states { iso3 } languages activities { nodes { reference } } } } }", "ndjson");
    assert_eq!(reply.header("content-type"), Some("application/x-ndjson; charset=utf-8"));
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"goodPractices-2025-10-09.ndjson\""));
    let lines: Vec<Value> = reply.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, ask::all("goodPractices", "", "slug title states { iso3 } languages activities { nodes { reference } }"));
    let mut figures: Vec<Value> = file(app, "{ observations { nodes { value source { code } } } }", "ndjson")
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    for figure in &mut figures {
        let members: &mut Map<String, Value> = figure.as_object_mut().expect("an object");
        let cited: Vec<Option<Value>> = ["sourceCode", "unit", "licence", "citation"].map(|name| members.remove(name)).into();
        assert_eq!(cited[0], Some(members["source"]["code"].clone()));
        assert!(cited[1].as_ref().is_some_and(Value::is_string) && cited[3].as_ref().is_some_and(Value::is_string));
    }
    assert_eq!(figures, ask::all("observations", "", "value source { code }"));
}

#[test]
fn a_workbook_opens_with_numbers_as_numbers_and_a_sheet_that_says_whose_they_are() {
    let app = office(|_| {});
    let query = "query Book { observations(filter: { sources: [\"OUR-BOOK\"] }, orderBy: { field: VALUE }) { nodes { value periodStart subject { ... on Flow { code } } } } }";
    let reply = file(&app, query, "xlsx");
    assert_eq!(reply.header("content-type"), Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"));
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"Book-2025-10-09.xlsx\""));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(reply.body)).expect("a workbook");
    assert_eq!(book.sheet_names(), ["Book", "About"]);
    let sheet = book.worksheet_range("Book").expect("a sheet");
    let rows: Vec<Vec<Data>> = sheet.rows().map(<[Data]>::to_vec).collect();
    assert_eq!(rows.len(), 1 + 4 * 73);
    let texts = |row: &[Data]| row.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(texts(&rows[0]), ["value", "periodStart", "subject.code", "sourceCode", "unit", "licence", "citation"]);
    assert_eq!(rows[1][0], Data::Float(2023.0 * 4.0), "the largest first, as a number");
    let citation = "Office: Book, of \"ours\", edition 2023. https://example.org/book. Retrieved 2026-11-23. Licence: CC BY 4.0.";
    let first = texts(&rows[1]);
    assert_eq!(first[1..6], ["2023-12-31", "BGD-ITA", "OUR-BOOK", "persons", "CC BY 4.0"]);
    assert!(first[6].starts_with("Office: Book, of \"ours\", edition ") && first[6].ends_with(citation.split_once(". ").expect("a point").1), "{}", first[6]);
    let about = book.worksheet_range("About").expect("a sheet");
    let about: Vec<Vec<String>> = about.rows().map(texts).collect();
    assert!(about.contains(&vec!["Rows".into(), "292".into()]) && about.contains(&vec!["Source OUR-BOOK".into(), first[6].clone()]), "{about:?}");
    assert!(about.contains(&vec!["Made on".into(), "2025-10-09".into()]), "{about:?}");
    let reserved = file(&app, "query History { states(first: 1) { nodes { iso3 } } }", "xlsx");
    let book: Xlsx<_> = Xlsx::new(Cursor::new(reserved.body)).expect("a workbook");
    assert_eq!(book.sheet_names(), ["History_rows", "About"], "Excel has that name for itself");
}

#[test]
fn sums_and_matrices_are_files_too_with_the_source_beside_each_row() {
    let app = office(|_| {});
    let query = "{ figures(measure: REFUGEES, groupBy: [ORIGIN, YEAR], filter: { sources: [\"OUR-BOOK\"] }) { nodes { keys { code } value } } }";
    let rows = cells(&file(&app, query, "csv").text());
    assert_eq!(rows[0], ["keys.code", "value", "sourceCode", "unit", "licence", "citation"]);
    assert_eq!(rows.len() - 1, 4 * 73, "all pages of one sum");
    assert_eq!(rows[1][..5], ["AFG; 1951", "1951", "OUR-BOOK", "persons", "CC BY 4.0"]);
    let matrix = "{ m: flowMatrix(measure: REFUGEES, period: \"2020\", source: \"OUR-BOOK\") { unit rest cells { value origin { code } } } }";
    let rows = cells(&file(&app, matrix, "csv").text());
    assert_eq!(rows[0], ["m.unit", "m.rest", "value", "origin.code", "sourceCode", "unit", "licence", "citation"]);
    assert_eq!(rows[1][..6], ["persons", "", "8080", "BGD", "OUR-BOOK", "persons"]);
    assert_eq!(rows.len(), 5);
}

#[test]
fn with_first_it_is_that_page_and_after_says_where_it_begins() {
    let app = TestApp::shared();
    let lines = |query: &str| cells(&file(app, query, "csv").text()).into_iter().skip(1).flatten().collect::<Vec<_>>();
    let all = lines("{ states { nodes { iso3 } } }");
    assert_eq!(all, ask::texts(&Value::Array(ask::all("states", "", "iso3")), "iso3"));
    assert_eq!(lines("{ states(first: 3) { nodes { iso3 } } }"), all[..3]);
    assert_eq!(lines("{ states(last: 2) { nodes { iso3 } } }"), all[all.len() - 2..]);
    let cursor = app.query("{ states(first: 4) { pageInfo { endCursor } } }")["data"]["states"]["pageInfo"]["endCursor"].clone();
    assert_eq!(lines(&format!("{{ states(after: {cursor}) {{ nodes {{ iso3 }} }} }}")), all[4..]);
    let rows = cells(&file(app, "{ s: state(iso3: \"UZB\") { iso3 officialLanguages: name flows { edges { node { code } } } } }", "csv").text());
    assert_eq!(rows[0], ["s.iso3", "s.officialLanguages", "node.code"]);
    assert!(rows.len() > 1 && rows[1..].iter().all(|row| row[0] == "UZB"), "{rows:?}");
    assert_eq!(cells(&file(app, "{ state(iso3: \"QQQ\") { flows { nodes { code } } } }", "csv").text()), [["code"]], "no state, no rows");
}

#[test]
fn the_example_that_speaks_of_files_is_one() {
    let example = include_str!("../../web/graphiql/examples/15-a-list-as-a-file.graphql");
    let reply = file(TestApp::shared(), example, "csv");
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"FiguresAsAFile-2025-10-09.csv\""));
    assert!(cells(&reply.text()).len() > 1, "{}", reply.text());
}

#[test]
fn no_cell_starts_a_formula_and_a_negative_number_is_one() {
    let stage = Stage::new();
    let titles = ["=HYPERLINK(\"http://evil.example\",\"x\")", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "quiet, \"quoted\"\u{201d}; =1"];
    for title in titles {
        stage.done(&stage.tashkent, "draftGoodPractice", &json!({ "content": content(title) }));
    }
    let bearer = format!("Bearer {}", stage.tashkent);
    let path = format!("{}&format=csv", query_path("{ goodPractices(filter: { owners: [\"UZB\"] }) { nodes { status title } } }"));
    let reply = stage.app.get(&path, &[("authorization", &bearer)]);
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("private, no-store")), "{}", reply.text());
    let drafts: Vec<String> = cells(&reply.text()).into_iter().filter(|row| row[0] == "DRAFT").map(|row| row[1].clone()).collect();
    assert_eq!(drafts.len(), titles.len());
    for title in titles {
        let expected = if title.starts_with('q') { title.replace("; =1", ";' =1") } else { format!("'{title}") };
        assert!(drafts.contains(&expected), "{expected}: {drafts:?}");
    }
    assert!(
        reply.text().contains("\"quiet, \"\"quoted\"\"\u{201d};' =1\""),
        "what holds a comma or semicolon is quoted, and harmless where a tool splits it there"
    );
    let strangers = stage.app.get(&path, &[]);
    assert!(!strangers.text().contains("DRAFT") && !strangers.text().contains("HYPERLINK"), "a file shows what its viewer sees");

    let app = office(|_| {});
    let ages = "{ observations(filter: { sources: [\"OUR-BOOK\"], ageGroups: [\"=HYPERLINK(1)\"] }) { nodes { ageGroup value } } }";
    assert_eq!(cells(&file(&app, ages, "csv").text())[1][..2], ["'=HYPERLINK(1)", "7"]);
    let book = file(&app, ages, "xlsx");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book.body)).expect("a workbook");
    assert_eq!(book.worksheet_range("observations").expect("a sheet").get((1, 0)), Some(&Data::String("'=HYPERLINK(1)".into())));
}

#[test]
fn the_accept_header_asks_for_a_file_as_well_and_the_mark_is_there_on_demand() {
    let app = TestApp::shared();
    let body = json!({ "query": "query($n: Int) { states(first: $n) { nodes { iso3 name } } }", "variables": { "n": 2 } }).to_string();
    let ask = |accept: &str| app.post_raw(&[("content-type", "application/json"), ("accept", accept)], body.as_bytes());
    let csv = ask("text/csv");
    assert_eq!((csv.status, cells(&csv.text()).len()), (200, 3), "{}", csv.text());
    assert_eq!(ask("application/x-ndjson").text().lines().count(), 2);
    assert!(ask("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet").body.starts_with(b"PK"));
    assert_eq!(ask("application/json").json()["data"]["states"]["nodes"].as_array().map(Vec::len), Some(2));
    ask("application/pdf").refused(406, "BAD_REQUEST");
    let path = query_path("{ states(first: 1) { nodes { iso3 } } }");
    app.get(&format!("{path}&format=pdf"), &[]).refused(400, "BAD_REQUEST");
    assert!(app.get(&format!("{path}&format=csv-excel"), &[]).body.starts_with(b"\xEF\xBB\xBFiso3\r\n"));
    assert!(app.get(&format!("{path}&format=csv"), &[]).body.starts_with(b"iso3\r\n"));
    let packed = app.get(&format!("{}&format=csv", query_path("{ states { nodes { iso3 name } } }")), &[("accept-encoding", "gzip")]);
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_string(&mut text).expect("gzip");
    assert_eq!((packed.header("content-encoding"), cells(&text)[0].join(" ")), (Some("gzip"), "iso3 name".into()));
}

#[test]
fn what_is_no_file_is_answered_as_graphql_and_never_as_200() {
    let app = TestApp::shared();
    let get = |query: &str| app.get(&format!("{}&format=csv", query_path(query)), &[("accept", "application/json")]);
    let two = get("{ states { nodes { iso3 } } flows { nodes { code } } }").refused(400, "BAD_USER_INPUT").text();
    assert!(two.contains("`states`, `flows`") && two.contains("an operation of its own"), "{two}");
    get("{ state(iso3: \"UZB\") { name } }").refused(400, "BAD_USER_INPUT");
    get("{ states { nodes { iso } } }").refused(400, "GRAPHQL_VALIDATION_FAILED");
    let near = get("{ states(filter: { iso3: [\"AFX\"] }) { nodes { iso3 } } }");
    assert_eq!((near.status, near.code().as_str()), (400, "BAD_USER_INPUT"));
    assert!(near.text().contains("Did you mean AFG?") && near.json().get("data").is_none(), "{}", near.text());
    get("{ states(first: 101) { nodes { iso3 } } }").refused(400, "BAD_USER_INPUT");
    get("{ states").refused(400, "GRAPHQL_PARSE_FAILED");
    let mutation = json!({ "query": "mutation { eraseContactPoint(input: { id: \"x\", ifVersion: 1 }) { errors { code } } }" }).to_string();
    let reply = app.post_raw(&[("content-type", "application/json"), ("accept", "text/csv")], mutation.as_bytes());
    assert_eq!(reply.status, 400, "{}", reply.text());
}

#[test]
fn rows_files_and_points_have_limits() {
    let app = office(|settings| {
        settings.http.export_rows = 292;
        settings.http.export_sheet_rows = 100;
        settings.http.exports = 1;
    });
    let get = |filter: &str, format: &str| {
        app.get(
            &format!("{}&format={format}", query_path(&format!("{{ observations(filter: {{ sources: [\"OUR-BOOK\"] {filter} }}) {{ nodes {{ value }} }} }}"))),
            &[],
        )
    };
    assert_eq!(cells(&get("", "csv").text()).len(), 293);
    let refusal = get("", "xlsx").refused(400, "LIMIT_ANSWER").text();
    assert!(refusal.contains("292 rows") && refusal.contains("at most 100"), "{refusal}");
    assert_eq!(get("from: \"2010\"", "xlsx").status, 200);
}

#[test]
fn points_are_taken_for_each_page_and_waited_for() {
    let app = office(|settings| {
        settings.http.rate_points_anonymous = 120;
        settings.http.rate_time = "2s".parse().expect("a time");
    });
    let rows = cells(&file(&app, "{ observations(filter: { sources: [\"OUR-BOOK\"] }) { nodes { value } } }", "csv").text());
    assert_eq!(rows.len(), 293, "three pages of 51 points each, out of 120: the third waits for what it lacks");
}

#[test]
fn a_client_that_goes_away_ends_the_work_and_a_file_that_breaks_does_not_look_whole() {
    let app = office(|settings| {
        settings.http.exports = 1;
        settings.http.rate_points_anonymous = 120;
        settings.http.rate_time = "600s".parse().expect("a time");
    });
    let path = format!("{}&format=ndjson", query_path("{ observations(filter: { sources: [\"OUR-BOOK\"] }) { nodes { value } } }"));
    let mut client = app.connect();
    client.write(&request("GET", &path, &[], b""));
    let mut first = [0; 512];
    client.socket().read_exact(&mut first).expect("it begins");
    // The third page waits for points that will not come: the place is taken.
    std::thread::sleep(Duration::from_millis(300));
    assert!(app.get(&path, &[]).status >= 429, "no points are left, or no place");
    let (key, mut status) = (app.key("UZB", Role::FocalPoint, "tashkent"), 0);
    let ask = || app.get(&path, &[("authorization", &format!("Bearer {key}"))]);
    let busy = ask().refused(503, "OVERLOADED");
    assert_eq!(busy.header("retry-after"), Some("1"));
    drop(client);
    for _ in 0..100 {
        status = ask().status;
        if status == 200 {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(status, 200, "the place is free once the client has gone");
}

#[test]
fn one_client_does_not_keep_all_others_from_their_files() {
    let app = TestApp::with(|settings| settings.http.exports = 3);
    let path = format!("{}&format=csv", query_path("{states{nodes{iso3}}}"));
    let bearer = format!("Bearer {}", app.key("UZB", Role::FocalPoint, "tashkent"));
    let (stranger, member) = (|| app.get(&path, &[]), || app.get(&path, &[("authorization", &bearer)]));
    let held = ask_and_take_nothing(&app, &path, 2);
    let refusal = stranger().refused(429, "THROTTLED");
    assert_eq!((refusal.header("retry-after"), &refusal.json()["errors"][0]["extensions"]["retryable"]), (Some("5"), &json!(true)));
    assert!(refusal.text().contains("2 files are being made for you"), "{}", refusal.text());
    assert_eq!(member().status, 200, "a place is left for others, even from the same address");
    assert_eq!(app.get(&query_path("{states{nodes{iso3}}}"), &[]).status, 200, "what is no file is answered as ever");
    drop(held);
    let is_free = || {
        (0..200).any(|_| {
            stranger().status == 200 || {
                std::thread::sleep(Duration::from_millis(25));
                false
            }
        })
    };
    assert!(is_free(), "the places are free once the client has gone");
}

#[test]
fn a_key_that_ends_ends_its_file() {
    let app = office(|settings| {
        settings.http.rate_points = 120;
        settings.http.rate_time = "4s".parse().expect("a time");
    });
    let key = app.key("UZB", Role::FocalPoint, "tashkent");
    let path = format!("{}&format=csv", query_path("{ observations(filter: { sources: [\"OUR-BOOK\"] }) { nodes { value } } }"));
    let mut client = app.connect();
    client.write(&request("GET", &path, &[("authorization", &format!("Bearer {key}"))], b""));
    let mut first = [0; 256];
    client.socket().read_exact(&mut first).expect("it begins");
    app.revoke(&key);
    let rest = String::from_utf8_lossy(&client.rest()).into_owned();
    assert!(!rest.ends_with("0\r\n\r\n"), "the last chunk never comes: {}", rest.len());
}

#[test]
fn figures_of_two_states_are_never_in_one_file() {
    let app = office(|settings| {
        settings.http.rate_points_anonymous = 120;
        settings.http.rate_time = "20s".parse().expect("a time");
    });
    let path = format!("{}&format=csv", query_path("{ observations(filter: { sources: [\"OUR-BOOK\"] }) { nodes { value } } }"));
    let mut client = app.connect();
    client.write(&request("GET", &path, &[], b""));
    let mut first = [0; 256];
    client.socket().read_exact(&mut first).expect("it begins");
    // As an import does, which names the source of what it changed.
    app.run_sql("INSERT INTO change (revision, entry_id, kind, at) SELECT max(revision) + 1, (SELECT min(entry_id) FROM change WHERE kind = 'Source'), 'Source', max(at) FROM change");
    let rest = String::from_utf8_lossy(&client.rest()).into_owned();
    assert!(!rest.ends_with("0\r\n\r\n"), "the last chunk never comes: {} bytes", rest.len());
}
