//! Publishers' files, from the command line to the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::app::{TestApp, copy_of};
use crate::commands::{err, is_there, out, run};
use crate::place::Place;

const HEADER: &str = "year,coo,coo_iso,coa,coa_iso,refugees,asylum_seekers,returned_refugees,idps,oip\n";
const ROWS: &str =
    "2023,AFG,AFG,GFR,DEU,1000,20,3,0,NA\n2023,AFG,AFG,AFG,AFG,0,0,0,700,NA\n2023,TIB,TIB,NEP,NPL,9,0,0,0,NA\n2024,AFG,AFG,GFR,DEU,1100,0,0,0,NA\n";

/// A folder with a database and files.
struct Desk {
    place: Place,
    copies: Mutex<Vec<Place>>,
}

impl Desk {
    fn new() -> Self {
        Self { place: Place::new(), copies: Mutex::default() }
    }

    fn path(&self) -> &Path {
        self.place.path()
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("written");
    }

    fn import(&self, arguments: &[&str]) -> Output {
        run(self.path(), &[&["import"], arguments].concat())
    }

    /// Imports, and it must be taken.
    fn taken(&self, arguments: &[&str]) -> Value {
        let output = self.import(&[arguments, &["--report", "report.json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
        self.report()["files"][0].clone()
    }

    fn report(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path().join("report.json")).expect("a report")).expect("JSON")
    }

    /// A server over a copy of the database, as others may be asked later.
    fn serve(&self) -> TestApp {
        let copy = copy_of(&self.place);
        let app = TestApp::on(&copy);
        // It is kept for as long as the desk, and so longer than the server.
        self.copies.lock().expect("whole").push(copy);
        app
    }
}

fn values(app: &TestApp, flow: &str, filter: &str) -> Vec<Value> {
    let query = format!(
        "{{ flow(code: \"{flow}\") {{ observations(filter: {{ {filter} }}, first: 100) {{ nodes {{ periodEnd value availability source {{ code licence }} provenance {{ edition line rawValue sha256 }} }} }} }} }}"
    );
    let answer = app.query(&query);
    answer["data"]["flow"]["observations"]["nodes"].as_array().unwrap_or_else(|| panic!("{query}\n{answer}")).clone()
}

#[test]
fn a_file_is_taken_and_asked_for_and_taking_it_again_changes_nothing() {
    let desk = Desk::new();
    desk.file("population.csv", &format!("{HEADER}{ROWS}"));
    let first = desk.taken(&["unhcr", "population.csv", "--retrieved-on", "2026-11-23"]);
    assert_eq!((&first["outcome"], &first["source"], &first["edition"], &first["rows"]), (&json!("taken"), &json!("UNHCR-RPS"), &json!("2024"), &json!(4)));
    assert_eq!((&first["figures"], &first["added"]), (&json!(10), &json!(10)), "{first}");
    let again = desk.taken(&["unhcr", "population.csv", "--retrieved-on", "2026-11-23"]);
    assert_eq!((&again["outcome"], &again["unchanged"], &again["revision"]), (&json!("unchanged"), &json!(10), &first["revision"]), "{again}");

    let app = desk.serve();
    let refugees = values(&app, "AFG-DEU", "measures: [REFUGEES]");
    assert_eq!(
        refugees.iter().map(|row| (row["periodEnd"].as_str().unwrap_or_default(), row["value"].as_f64())).collect::<Vec<_>>(),
        [("2024-12-31", Some(1100.0)), ("2023-12-31", Some(1000.0))]
    );
    let (from, source) = (&refugees[1]["provenance"], &refugees[1]["source"]);
    assert_eq!((&from["line"], &from["rawValue"], &from["sha256"], &from["edition"]), (&json!(2), &json!("1000"), &first["sha256"], &json!("2024")));
    assert_eq!((&source["code"], &source["licence"]), (&json!("UNHCR-RPS"), &json!("CC BY 4.0")));
    assert_eq!(values(&app, "DEU-AFG", "measures: [REFUGEE_RETURNS], to: \"2023\"")[0]["value"], json!(3.0), "they go back");
    assert_eq!(values(&app, "TIB-NPL", "measures: [REFUGEES]")[0]["value"], json!(9.0), "an end of its own");
    let own = app.query("{ observations(filter: { measures: [IDPS], states: [\"AFG\"] }) { nodes { value } } }");
    assert_eq!(own["data"]["observations"]["nodes"], json!([{ "value": 700.0 }]), "{own}");
}

#[test]
fn a_newer_edition_takes_the_place_of_an_older_one_which_can_still_be_asked_for() {
    let desk = Desk::new();
    desk.file("old.csv", &format!("{HEADER}{ROWS}"));
    desk.file("new.csv", &format!("{HEADER}2023,AFG,AFG,GFR,DEU,999,20,3,0,NA\n"));
    desk.taken(&["unhcr", "old.csv", "--edition", "2024-06"]);
    let newer = desk.taken(&["unhcr", "new.csv", "--edition", "2024-12"]);
    assert!(newer["replaced"].as_array().is_some_and(|all| all.contains(&json!({ "measure": "REFUGEES", "edition": "2024-06" }))), "{newer}");
    let app = desk.serve();
    let value = |filter: &str| values(&app, "AFG-DEU", filter).iter().map(|row| row["value"].as_f64()).collect::<Vec<_>>();
    assert_eq!(value("measures: [REFUGEES]"), [Some(999.0)], "the newest alone, whole");
    assert_eq!(value("measures: [REFUGEES], editions: [\"2024-06\"]"), [Some(1100.0), Some(1000.0)]);
}

#[test]
fn no_line_is_drawn_through_what_the_source_marks_as_a_break() {
    let desk = Desk::new();
    let header = "DATAFLOW,LAST UPDATE,freq,unit,citizen,sex,age,asyl_app,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n";
    let row = |year: i32, value: i32, flag: &str| format!("ESTAT:MIGR_ASYAPPCTZA(1.0),11/06/26 23:00:00,A,PER,AF,T,TOTAL,FRST,MT,{year},{value},{flag},\n");
    desk.file("a.csv", &[header, &row(2018, 10, ""), &row(2019, 15, "b"), &row(2020, 20, "b"), &row(2021, 30, "p")].concat());
    desk.taken(&["eurostat", "a.csv"]);
    let again = desk.taken(&["eurostat", "a.csv"]);
    assert_eq!((&again["outcome"], &again["unchanged"]), (&json!("unchanged"), &json!(4)), "{again}");
    let app = desk.serve();
    let ask = |from: &str| {
        let answer = app.query(&format!(
            r#"{{ flow(code: "AFG-MLT") {{ series(measure: ASYLUM_APPLICATIONS, from: "{from}") {{ points {{ period change }} breaks {{ period note }} }} }} }}"#
        ));
        answer["data"]["flow"]["series"].clone()
    };
    let series = ask("2018");
    let points = [("2018", Value::Null), ("2019", Value::Null), ("2020", Value::Null), ("2021", json!(10.0))];
    assert_eq!(series["points"], json!(points.map(|(period, change)| json!({ "period": period, "change": change }))), "{series}");
    let breaks: Vec<&Value> = series["breaks"].as_array().expect("breaks").iter().map(|b| &b["period"]).collect();
    assert_eq!(breaks, ["2019", "2020"]);
    assert!(series["breaks"][0]["note"].as_str().is_some_and(|note| note.starts_with("The source marks a break here")));
    assert_eq!(ask("2020")["breaks"], json!([]), "there is no line before the first point to be broken");
    // A file that no longer marks it is another file.
    desk.file("a.csv", &[header, &row(2018, 10, ""), &row(2019, 15, "b"), &row(2020, 20, ""), &row(2021, 30, "p")].concat());
    assert_eq!(desk.taken(&["eurostat", "a.csv"])["updated"], json!(1));
}

#[test]
fn one_fault_refuses_the_file_unless_what_is_faulty_is_left_out() {
    let desk = Desk::new();
    desk.file("population.csv", &format!("{HEADER}{ROWS}2024,ZZZ,ZZZ,GFR,DEU,-1,0,0,0,NA\n2023,AFG,AFG,GFR,DEU,5,0,0,0,NA\n"));
    let refused = desk.import(&["unhcr", "population.csv", "--report", "report.json"]);
    assert_eq!(refused.status.code(), Some(1));
    let told = err(&refused);
    for wanted in [
        "population.csv: line 6 (row 5): coo_iso: unknown_code",
        "line 6 (row 5): refugees: negative_count",
        "line 7 (row 6): duplicate_key: Lines 2 and 7",
        "3 faults; nothing of it was taken.",
    ] {
        assert!(told.contains(wanted), "{wanted} is not in {told}");
    }
    let report = &desk.report()["files"][0];
    assert_eq!((&report["outcome"], &report["faults"][0]["code"], &report["faults"][2]["otherLine"]), (&json!("refused"), &json!("unknown_code"), &json!(2)));
    assert!(values_or_none(&desk, "TIB-NPL").is_none(), "nothing was written");

    let taken = desk.taken(&["unhcr", "population.csv", "--skip-faulty"]);
    assert_eq!((&taken["faultyRows"], &taken["figures"]), (&json!(3), &json!(7)), "{taken}");
    assert_eq!(taken["faults"].as_array().map(Vec::len), Some(3), "what was left out is told");
    let app = desk.serve();
    assert_eq!(values(&app, "AFG-DEU", "measures: [REFUGEES]").len(), 1, "of the two that contradict each other neither");
}

fn values_or_none(desk: &Desk, flow: &str) -> Option<Value> {
    let app = desk.serve();
    let answer = app.query(&format!("{{ flow(code: \"{flow}\") {{ code }} }}"));
    answer["data"]["flow"].as_object().map(|flow| json!(flow))
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let desk = Desk::new();
    desk.file("population.csv", &format!("{HEADER}{ROWS}"));
    let output = desk.import(&["unhcr", "population.csv", "--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("Nothing was changed.") && !is_there(&desk.place), "no database is made");
    desk.file("other.csv", &format!("{HEADER}2022,IRQ,IRQ,GFR,DEU,5,0,0,0,NA\n"));
    desk.taken(&["unhcr", "other.csv"]);
    let dry = desk.taken(&["unhcr", "population.csv", "--dry-run"]);
    let wet = desk.taken(&["unhcr", "population.csv"]);
    for field in ["figures", "added", "updated", "unchanged", "removed", "skipped", "faults", "newCorridors", "replaced"] {
        assert_eq!(dry[field], wet[field], "{field}");
    }
    assert_eq!(wet["outcome"], "taken", "the dry run had not written it");
}

#[test]
fn an_answer_that_is_no_table_deletes_nothing() {
    let desk = Desk::new();
    desk.file("population.csv", &format!("{HEADER}{ROWS}"));
    desk.taken(&["unhcr", "population.csv"]);
    for (name, text) in [("empty", ""), ("header", HEADER), ("page", "<!DOCTYPE html><html>503</html>"), ("rows", "year,coo_iso,coa_iso,refugees\n")] {
        desk.file("population.csv", text);
        let output = desk.import(&["unhcr", "population.csv", "--skip-faulty"]);
        assert_eq!(output.status.code(), Some(1), "{name}: {}", out(&output));
    }
    let app = desk.serve();
    assert_eq!(values(&app, "AFG-DEU", "measures: [REFUGEES]").len(), 2);
}

#[test]
fn the_command_line_is_read_before_anything_else() {
    let desk = Desk::new();
    for arguments in [&["unhcr"][..], &["nobody", "x.csv"], &["csv", "x.csv", "--edition", "a b"], &["csv", "x.csv", "--retrieved-on", "yesterday"]] {
        assert_eq!(desk.import(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let missing = desk.import(&["csv", "x.csv", "--dry-run"]);
    assert_eq!((missing.status.code(), err(&missing).trim_end().lines().count()), (Some(1), 1), "{}", err(&missing));
}

#[test]
fn the_main_corridors_answer_with_all_840_values() {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/unhcr");
    let (Ok(expected), Ok(folder)) = (fs::read_to_string(data.join("expected-figures.csv")), data.join("refugees-pkg").canonicalize()) else {
        #[expect(clippy::print_stderr, reason = "a test that skips says so")]
        {
            eprintln!("skipped: {} is not there", data.display());
        }
        return;
    };
    let desk = Desk::new();
    // The whole files take a minute where the program is not optimised: of them, the rows of these corridors.
    let corridors: BTreeSet<(&str, &str)> = expected.lines().skip(1).filter_map(|row| row.split(',').next().zip(row.split(',').nth(1))).collect();
    for file in ["population.csv", "asylum_applications.csv"] {
        let text = fs::read_to_string(folder.join(file)).expect(file);
        let named = |row: &str, origin: &str, asylum: &str| row.contains(&format!(",{origin},")) && row.contains(&format!(",{asylum},"));
        let rows = text.lines().enumerate().filter(|(n, row)| *n == 0 || corridors.iter().any(|(one, other)| named(row, one, other)));
        desk.file(file, &(rows.map(|(_, row)| row).collect::<Vec<_>>().join("\n") + "\n"));
    }
    let taken = desk.taken(&["unhcr", "population.csv", "asylum_applications.csv"]);
    assert!(taken["rows"].as_u64().is_some_and(|rows| rows > 1_000), "{taken}");
    let app = desk.serve();
    let mut asked = BTreeMap::<(String, String), Vec<(String, String, f64)>>::new();
    for row in expected.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>()) {
        asked.entry((format!("{}-{}", row[0], row[1]), row[2].clone())).or_default().push((row[3].clone(), row[4].clone(), row[5].parse().expect("a number")));
    }
    let mut answered = 0;
    for ((flow, measure), wanted) in asked {
        let found = values(&app, &flow, &format!("measures: [{measure}], sources: [\"UNHCR-RPS\"], from: \"2013\""));
        for (start, end, value) in wanted {
            let at: Vec<_> = found.iter().filter(|row| row["periodEnd"] == end).collect();
            assert_eq!(at.len(), 1, "{flow} {measure} {start} {end}: {found:?}");
            assert_eq!(at[0]["value"].as_f64(), Some(value), "{flow} {measure} {start} {end}");
            answered += 1;
        }
    }
    assert_eq!(answered, 840);
}
