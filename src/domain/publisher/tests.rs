//! Files as they come: good ones, other editions, and ones made to hurt.

mod editions;
mod hostile;
mod inline;
mod layouts;
mod official;

use std::io::Read;
use std::path::PathBuf;

use super::*;

/// What a file came to.
struct Outcome {
    checked: Checked,
    facts: Vec<Fact>,
}

impl Outcome {
    fn codes(&self) -> Vec<&'static str> {
        self.checked.faults.told.iter().map(|fault| fault.code.name()).collect()
    }

    fn told(&self) -> String {
        self.checked.faults.told.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    /// Figures as `C:AFG-DEU REFUGEES 2022-12-31 181000`, those of parts with what they are a part of.
    fn lines(&self) -> Vec<String> {
        self.facts.iter().map(line).collect()
    }
}

fn line(fact: &Fact) -> String {
    use crate::domain::figure::Subject;
    let subject = match &fact.subject {
        Subject::Corridor(origin, destination) => format!("{origin}-{destination}"),
        Subject::State(code) | Subject::Route(code) => code.clone(),
    };
    let period =
        if fact.period.start() == fact.period.end() { fact.period.end().to_string() } else { format!("{}..{}", fact.period.start(), fact.period.end()) };
    let value = fact.value.map_or_else(|| fact.availability.to_string(), |value| value.to_string());
    let mut line = format!("{subject} {} {period} {value}", fact.measure);
    for part in fact.breakdown.sex.iter().map(ToString::to_string).chain(fact.breakdown.age_group.clone()) {
        line.extend([" ", &part]);
    }
    for dimension in &fact.breakdown.dimensions {
        line.extend([" ", &dimension.dimension, "=", &dimension.code]);
    }
    line
}

fn read(publisher: Publisher, bytes: &[u8]) -> Outcome {
    let mut open = || -> io::Result<Box<dyn Read>> { Ok(Box::new(io::Cursor::new(bytes.to_vec()))) };
    let mut checked = check(publisher, &mut open, bytes.len() as u64).expect("memory can be read");
    let mut facts = Vec::new();
    if checked.can_skip {
        checked
            .hand_over(&mut open, &mut |fact| {
                facts.push(fact);
                true
            })
            .expect("memory does not change");
        assert_eq!(facts.len() as u64, checked.facts, "as many as were counted");
    }
    Outcome { checked, facts }
}

/// A file of `../shared/data`, where that is there.
fn shared(path: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        #[expect(clippy::print_stderr, reason = "a test that skips says so")]
        {
            eprintln!("skipped: {} is not there", path.display());
        }
    }
    bytes
}

fn publisher(name: &str) -> Publisher {
    crate::domain::word::Words::parse(&name.to_uppercase()).expect(name)
}

/// Where the fault of a file stands in another row than the list of expected answers says: in the third, which the
/// files show (`awk 'NR==4'`), not in the first.
const THIRD_ROW: &[&str] =
    &["malformed-long-cell.csv", "malformed-rtl-and-zero-width.csv", "malformed-csv-injection-eq.csv", "malformed-csv-injection-plus.csv"];

#[test]
fn malformed_files_are_answered_as_expected() {
    let Some(expected) = shared("EXPECTED.tsv") else { return };
    let mut answered = 0;
    for row in String::from_utf8(expected).expect("text").lines().filter(|line| !line.starts_with('#')).skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [source, file, outcome, at, code] = [0, 1, 2, 3, 4].map(|n| cells.get(n).copied().unwrap_or_default());
        let answer = read(publisher(source), &shared(&format!("{source}/{file}")).expect(file));
        answered += 1;
        if outcome == "ACCEPT" {
            assert_eq!(answer.told(), "", "{source}/{file}");
            assert!(!answer.facts.is_empty(), "{source}/{file}");
            continue;
        }
        assert_eq!(answer.codes(), [code], "{source}/{file}: {}", answer.told());
        let fault = &answer.checked.faults.told[0];
        match (at, THIRD_ROW.contains(&file)) {
            ("", _) => {}
            (_, true) => assert_eq!(fault.row, Some(3), "{source}/{file}: {fault}"),
            (row, false) => assert_eq!(fault.row.map(|row| row.to_string()).as_deref(), Some(row), "{source}/{file}: {fault}"),
        }
        match code {
            "duplicate_key" => assert!(fault.line.is_some() && fault.other_line.is_some(), "{fault}"),
            "header_mismatch" => assert!(fault.message.contains("Pays") && fault.message.contains("Valeur") && fault.message.contains("Missing"), "{fault}"),
            "unclosed_quote" => assert_eq!(fault.line, Some(2), "{fault}"),
            "not_utf8" => assert!(fault.message.contains("UTF-16"), "{fault}"),
            _ => {}
        }
    }
    assert_eq!(answered, 78);
}
