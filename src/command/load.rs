//! `silkroutes load`: brings a catalogue into the database, all of it or none.

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use silkroutes::app::{Surroundings, embedded_catalogue};
use silkroutes::config::Settings;
use silkroutes::domain::catalogue::{self, Catalogue};
use silkroutes::store::{ImportOptions, ImportReport, Store};

use super::{Done, say};

/// Loads a catalogue: new entries are added, changed ones updated, and what was changed through the API is left alone
/// and reported. All faults in the files are told at once, one a line, and then nothing is loaded. Loading the same
/// catalogue twice changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  silkroutes load                       the catalogue that the program carries
  silkroutes load my-catalogue --check  say what is wrong with the files, and what would change
  silkroutes load my-catalogue --prune  also remove what is in the database but not in the files")]
pub(super) struct Load {
    /// A folder with a catalogue; without it, the one that the program carries.
    folder: Option<PathBuf>,
    /// Remove entries that are no longer in the catalogue; otherwise they are kept and named.
    #[arg(long)]
    prune: bool,
    /// Only look and tell; change nothing.
    #[arg(long)]
    check: bool,
}

impl Load {
    pub(super) async fn run(self, settings: Settings, surroundings: Surroundings) -> Done {
        let catalogue = self.catalogue()?;
        let entries = catalogue.entries.len();
        let url = settings.database.url();
        // Looking must not make a database.
        if self.check && !Store::is_there(url).await {
            say(format_args!("The catalogue is sound: {entries} entries. The database is not there yet; it would get all of them."));
            return Ok(());
        }
        let store = Store::open_with_clock(url, surroundings.clock).await.map_err(|fault| fault.to_string())?;
        let bar = progress();
        let options = ImportOptions { prune: self.prune, dry_run: self.check };
        let told = |done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        };
        let imported = store.import(&catalogue, options, &told).await;
        bar.finish_and_clear();
        store.close().await;
        let report = imported.map_err(|fault| fault.to_string())?;
        say(summary(&report));
        if self.check {
            say("Nothing was changed.");
        }
        Ok(())
    }

    fn catalogue(&self) -> Result<Catalogue, String> {
        let read = match &self.folder {
            None => embedded_catalogue(),
            Some(folder) => {
                let files = files(folder)?;
                // A file that is no text is told with the faults of the others; its entries still exist for them.
                let texts: Vec<_> = files.iter().map(|(path, bytes)| (path.as_str(), String::from_utf8_lossy(bytes))).collect();
                let illegible: Vec<_> = files.iter().filter_map(|(path, bytes)| illegible(path, bytes)).collect();
                match catalogue::read(texts.iter().map(|(path, text)| (*path, text.as_ref()))) {
                    read if illegible.is_empty() => read,
                    read => Err(illegible.into_iter().chain(read.err().unwrap_or_default()).collect()),
                }
            }
        };
        read.map_err(|faults| {
            let count = faults.len();
            let mut lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
            lines.push(format!("{count} {}; nothing was loaded.", if count == 1 { "fault" } else { "faults" }));
            lines.join("\n")
        })
    }
}

/// What is wrong with a file that is no text.
fn illegible(path: &str, bytes: &[u8]) -> Option<catalogue::Fault> {
    let fault = std::str::from_utf8(bytes).err()?;
    let before = bytes.get(..fault.valid_up_to()).unwrap_or_default();
    let line = before.split(|byte| *byte == b'\n').count();
    let message = "here is a byte that is no UTF-8: save the file as UTF-8 (in a spreadsheet: \"CSV UTF-8\").".to_owned();
    Some(catalogue::Fault { file: path.to_owned(), entry: Some(format!("line {line}")), field: None, message })
}

/// What was done, as a table, and below it each entry that needs a look.
fn summary(report: &ImportReport) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED).set_header([
        "",
        "added",
        "updated",
        "unchanged",
        "deleted",
        "kept, though gone",
        "kept, as changed here",
    ]);
    let row = |name: &str, counts: [usize; 6]| std::iter::once(name.to_owned()).chain(counts.map(|n| n.to_string())).collect::<Vec<_>>();
    let (entries, figures) = (report, report.figures);
    let counts = [&entries.added, &entries.updated].map(Vec::len);
    table.add_row(row("entries", [counts[0], counts[1], entries.unchanged, entries.removed.len(), entries.kept_removed.len(), entries.kept_changed.len()]));
    table.add_row(row("figures", [figures.added, figures.updated, figures.unchanged, figures.removed, figures.kept_removed, 0]));
    let mut text = table.to_string();
    // Into an empty database everything is new, and a list of it tells nothing.
    let is_first = report.unchanged + report.updated.len() + report.kept_changed.len() == 0;
    let new: &[_] = if is_first { &[] } else { &report.added };
    let notes = [
        ("new", new),
        ("updated", &report.updated[..]),
        ("deleted", &report.removed[..]),
        ("no longer in the catalogue, kept (delete with --prune)", &report.kept_removed[..]),
        ("changed through the API, kept as it is", &report.kept_changed[..]),
    ];
    for (note, entries) in notes {
        for entry in entries {
            text.extend(["\n", &entry.to_string(), ": ", note]);
        }
    }
    text
}

fn progress() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("Loading {bar:32} {pos} of {len} entries, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The files of a catalogue: the path of each in it, with `/` between the parts, and what is in it.
fn files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    fn into(folder: &Path, prefix: &str, found: &mut Vec<(String, Vec<u8>)>) -> Result<(), String> {
        let fail = |path: &Path, fault: std::io::Error| format!("Cannot read {}: {fault}.", path.display());
        for entry in fs::read_dir(folder).map_err(|fault| fail(folder, fault))? {
            let entry = entry.map_err(|fault| fail(folder, fault))?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                into(&path, &format!("{prefix}{name}/"), found)?;
            } else if path.extension().is_some_and(|end| end == "toml" || end == "csv" || end == "md") {
                let bytes = fs::read(&path).map_err(|fault| fail(&path, fault))?;
                found.push((format!("{prefix}{name}"), bytes));
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    into(folder, "", &mut found)?;
    found.sort();
    if found.is_empty() {
        return Err(format!("There is no catalogue in {}: it has no .toml, .csv or .md files.", folder.display()));
    }
    Ok(found)
}
