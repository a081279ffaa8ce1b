//! What came of a file: as a table for people, and as JSON for programs.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use silkroutes::domain::publisher::{Checked, Fault, Faults, Publisher};
use silkroutes::domain::word::Words as _;
use silkroutes::store::FigureFileReport;

/// So many faults are told on the screen; the report has more.
const SHOWN: usize = 200;

/// What came of a file.
pub(super) struct FileReport {
    name: String,
    outcome: Outcome,
    read: Option<ReadOf>,
}

/// What reading it gave.
struct ReadOf {
    source: String,
    edition: String,
    sha256: String,
    sheet: Option<String>,
    rows: u64,
    faulty_rows: u64,
    facts: u64,
    skipped: Vec<(&'static str, u64)>,
    unknown_columns: Vec<String>,
    faults: Faults,
}

/// How it ended.
enum Outcome {
    /// Faults in the file.
    Refused,
    /// The system or the database.
    Failed(String),
    /// Sound; there is no database to look at yet.
    Sound,
    /// The database has it.
    Taken(Box<FigureFileReport>),
}

impl FileReport {
    /// Of that file, as long as nothing is known.
    pub fn of(path: &Path) -> Self {
        Self { name: path.display().to_string(), outcome: Outcome::Failed("It was not read.".into()), read: None }
    }

    /// It was read; the faults are taken over.
    pub fn read(&mut self, checked: &mut Checked) {
        self.read = Some(ReadOf {
            source: checked.source.code.clone(),
            edition: checked.edition.clone(),
            sha256: checked.sha256.clone(),
            sheet: checked.sheet.clone(),
            rows: checked.rows,
            faulty_rows: checked.faulty_rows,
            facts: checked.facts,
            skipped: checked.skipped.iter().map(|(why, count)| (*why, *count)).collect(),
            unknown_columns: checked.unknown_columns.clone(),
            faults: checked.faults.clone(),
        });
    }

    /// It has faults.
    pub fn refuse(&mut self) {
        self.outcome = Outcome::Refused;
    }

    /// It cannot be taken.
    pub fn fail(&mut self, why: String) {
        self.outcome = Outcome::Failed(why);
    }

    /// It is sound, and there is no database yet.
    pub fn not_there_yet(&mut self) {
        self.outcome = Outcome::Sound;
    }

    /// The database has it.
    pub fn done(&mut self, report: FigureFileReport) {
        self.outcome = Outcome::Taken(Box::new(report));
    }

    /// Why nothing of it was taken, in lines for stderr; none where it was.
    pub fn refusal(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Refused => {
                let faults = self.read.as_ref().map(|read| self.faults(read)).unwrap_or_default();
                let count = self.read.as_ref().map_or(0, |read| read.faults.count());
                Some(format!("{faults}{}: {count} {}; nothing of it was taken.", self.name, if count == 1 { "fault" } else { "faults" }))
            }
            Outcome::Failed(why) => Some(format!("{}: {why}", self.name)),
            Outcome::Sound | Outcome::Taken(_) => None,
        }
    }

    fn faults(&self, read: &ReadOf) -> String {
        let mut text = String::new();
        for fault in read.faults.told.iter().take(SHOWN) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}: {fault}", self.name);
        }
        let more = read.faults.count().saturating_sub(SHOWN as u64);
        if more > 0 {
            let _ = writeln!(text, "{}: {more} more; --report FILE lists them.", self.name);
        }
        text
    }

    /// What happened, as a table with notes below.
    pub fn summary(&self, dry_run: bool) -> String {
        let Some(read) = &self.read else { return format!("{}: not read.", self.name) };
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED).set_header(["", "rows", "faulty", "figures", "added", "updated", "unchanged", "removed"]);
        let taken = match &self.outcome {
            Outcome::Taken(report) => [report.added, report.updated, report.unchanged, report.removed].map(|n| n.to_string()),
            Outcome::Refused | Outcome::Failed(_) => ["0", "0", "0", "0"].map(str::to_owned),
            Outcome::Sound => ["", "", "", ""].map(str::to_owned),
        };
        let counts = [read.rows, read.faulty_rows, read.facts].map(|n| n.to_string());
        let name = Path::new(&self.name).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let title = if read.source.is_empty() { name } else { format!("{name}\n{}, edition {}", read.source, read.edition) };
        table.add_row(std::iter::once(title).chain(counts).chain(taken));
        let mut text = table.to_string();
        let mut note = |line: String| text.extend(["\n", &line]);
        for (why, count) in &read.skipped {
            note(format!("passed over: {count} {why}"));
        }
        if !read.unknown_columns.is_empty() {
            note(format!("not known and not read: {}", read.unknown_columns.join(", ")));
        }
        if let Some(sheet) = &read.sheet {
            note(format!("read from the sheet {sheet}; a workbook is held in memory as a whole"));
        }
        match &self.outcome {
            Outcome::Taken(report) => {
                for fault in read.faults.told.iter().take(SHOWN) {
                    note(format!("left out: {fault}"));
                }
                for (measure, edition) in &report.replaced {
                    note(format!("{measure}: takes the place of edition {edition}, which is kept"));
                }
                for (measure, edition) in &report.outdated {
                    note(format!("{measure}: edition {edition}, which is newer, stays in its place"));
                }
                if report.corridors > 0 {
                    note(format!("corridors that had no figures before: {}", report.corridors));
                }
                if !report.entries.is_empty() {
                    note(format!("added to what is known: {}", report.entries.join(", ")));
                }
            }
            Outcome::Sound => note("The database is not there yet; it would get all of them.".into()),
            Outcome::Refused | Outcome::Failed(_) => {}
        }
        if dry_run {
            note("Nothing was changed.".into());
        }
        text
    }

    fn json(&self) -> Value {
        let (outcome, why) = match &self.outcome {
            Outcome::Refused => ("refused", None),
            Outcome::Failed(why) => ("failed", Some(why)),
            Outcome::Sound => ("sound", None),
            Outcome::Taken(report) if report.added + report.updated + report.removed == 0 => ("unchanged", None),
            Outcome::Taken(_) => ("taken", None),
        };
        let mut value = json!({ "file": self.name, "outcome": outcome, "why": why });
        let Some(fields) = value.as_object_mut() else { return value };
        if let Some(read) = &self.read {
            let skipped: Vec<_> = read.skipped.iter().map(|(why, count)| json!({ "why": why, "count": count })).collect();
            fields.extend([
                ("source".to_owned(), json!(read.source)),
                ("edition".to_owned(), json!(read.edition)),
                ("sha256".to_owned(), json!(read.sha256)),
                ("sheet".to_owned(), json!(read.sheet)),
                ("rows".to_owned(), json!(read.rows)),
                ("faultyRows".to_owned(), json!(read.faulty_rows)),
                ("figures".to_owned(), json!(read.facts)),
                ("skipped".to_owned(), json!(skipped)),
                ("unknownColumns".to_owned(), json!(read.unknown_columns)),
                ("faults".to_owned(), json!(read.faults.told.iter().map(fault).collect::<Vec<_>>())),
                ("moreFaults".to_owned(), json!(read.faults.more)),
            ]);
        }
        if let Outcome::Taken(report) = &self.outcome {
            let named = |all: &[(silkroutes::domain::figure::Measure, String)]| {
                all.iter().map(|(measure, edition)| json!({ "measure": measure.name(), "edition": edition })).collect::<Vec<_>>()
            };
            fields.extend([
                ("added".to_owned(), json!(report.added)),
                ("updated".to_owned(), json!(report.updated)),
                ("unchanged".to_owned(), json!(report.unchanged)),
                ("removed".to_owned(), json!(report.removed)),
                ("replaced".to_owned(), json!(named(&report.replaced))),
                ("outdated".to_owned(), json!(named(&report.outdated))),
                ("newCorridors".to_owned(), json!(report.corridors)),
                ("newEntries".to_owned(), json!(report.entries)),
                ("revision".to_owned(), json!(report.revision)),
            ]);
        }
        value
    }
}

fn fault(fault: &Fault) -> Value {
    let Fault { code, line, other_line, row, column, message } = fault;
    json!({ "code": code.name(), "line": line, "otherLine": other_line, "row": row, "column": column, "message": message })
}

/// Writes the reports of all files as JSON.
pub(super) fn write(path: &Path, publisher: Publisher, dry_run: bool, reports: &[FileReport]) -> Result<(), String> {
    let files: Vec<_> = reports.iter().map(FileReport::json).collect();
    let text = json!({ "publisher": publisher.name(), "dryRun": dry_run, "files": files });
    std::fs::write(path, format!("{text:#}\n")).map_err(|fault| format!("Cannot write {}: {fault}.", path.display()))
}
