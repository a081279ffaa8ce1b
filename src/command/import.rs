//! `silkroutes import`: brings publishers' files of figures into the database, each as a whole or not at all.
//!
//! Reading is the business of `domain::publisher`, keeping that of the store. Here they are brought together: a thread
//! reads, the store writes, and a short channel between them keeps what is on the way small.

mod report;
mod taking;

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;

use silkroutes::app::{Surroundings, embedded_catalogue};
use silkroutes::config::Settings;
use silkroutes::domain::publisher::{self, Checked, Publisher};
use silkroutes::store::{ImportOptions, Store};

use super::{Done, say};
use report::FileReport;

/// Imports publishers' files as they publish them; what each becomes stands in docs/FIGURES.md. A file is recognised by
/// its columns. It is taken as a whole or, where anything in it is wrong, not at all, and then every fault is told with
/// its line. Importing a file again changes nothing; a newer edition takes the place of an older one, which can still
/// be asked for.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  silkroutes import unhcr population.csv asylum_applications.csv
  silkroutes import eurostat migr_asyappctza.csv --dry-run      say what would happen; change nothing
  silkroutes import undesa stock.xlsx --edition 2020 --retrieved-on 2026-11-23
  silkroutes import csv ours.csv --skip-faulty --report ours.json

Exit codes: 0 done, 1 a file was refused or could not be taken, 2 the command line cannot be read.")]
pub(super) struct Import {
    /// Whose files they are.
    #[arg(value_enum)]
    publisher: Whose,
    /// The files; CSV, xlsx or xls.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The edition; without it, what the file says of itself, or the last year that it covers.
    #[arg(long, value_parser = edition)]
    edition: Option<String>,
    /// The day on which the files were fetched, as 2026-11-23.
    #[arg(long, value_name = "DAY")]
    retrieved_on: Option<Date>,
    /// Only look and tell; change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Take what is sound, and tell what was left out.
    #[arg(long)]
    skip_faulty: bool,
    /// Write what happened, as JSON, into this file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// The publishers, as the command line calls them.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Whose {
    /// UNHCR: population, asylum applications.
    Unhcr,
    /// UN DESA: international migrant stock.
    Undesa,
    /// Eurostat: asylum and enforcement.
    Eurostat,
    /// World Bank: personal remittances.
    Worldbank,
    /// Our own plain CSV.
    Csv,
}

impl Whose {
    const fn publisher(self) -> Publisher {
        match self {
            Self::Unhcr => Publisher::Unhcr,
            Self::Undesa => Publisher::Undesa,
            Self::Eurostat => Publisher::Eurostat,
            Self::Worldbank => Publisher::Worldbank,
            Self::Csv => Publisher::Csv,
        }
    }
}

fn edition(text: &str) -> Result<String, String> {
    if publisher::is_edition(text) { Ok(text.to_owned()) } else { Err("up to 40 letters, digits, points and hyphens are wanted, such as 2025.12.1".into()) }
}

impl Import {
    pub(super) async fn run(self, settings: Settings, surroundings: Surroundings) -> Done {
        let url = settings.database.url().to_owned();
        // Looking must not make a database.
        let store = if self.dry_run && !Store::is_there(&url).await {
            None
        } else {
            let store = Store::open_with_clock(&url, surroundings.clock).await.map_err(|fault| fault.to_string())?;
            self.prepare(&store).await?;
            Some(store)
        };
        let mut reports = Vec::new();
        for file in &self.files {
            let report = self.file(file, store.as_ref()).await;
            say(report.summary(self.dry_run));
            reports.push(report);
        }
        if let Some(store) = store {
            store.close().await;
        }
        if let Some(path) = &self.report {
            report::write(path, self.publisher.publisher(), self.dry_run, &reports)?;
        }
        let refused: Vec<_> = reports.iter().filter_map(FileReport::refusal).collect();
        if refused.is_empty() { Ok(()) } else { Err(refused.join("\n")) }
    }

    /// An empty database has the catalogue first: figures name its states.
    async fn prepare(&self, store: &Store) -> Done {
        if self.dry_run || !store.is_empty().await.map_err(|fault| fault.to_string())? {
            return Ok(());
        }
        let catalogue = embedded_catalogue().map_err(|faults| format!("The built-in catalogue has {} faults.", faults.len()))?;
        store.import(&catalogue, ImportOptions::default(), &|_, _| {}).await.map_err(|fault| fault.to_string())?;
        say("The database was empty: the built-in catalogue was loaded first.");
        Ok(())
    }

    /// One file, from its bytes to the database.
    async fn file(&self, path: &Path, store: Option<&Store>) -> FileReport {
        let mut report = FileReport::of(path);
        let (source, publisher) = (path.to_owned(), self.publisher.publisher());
        let bar = progress("Checking", path);
        let reader = Reader { path: path.to_owned(), bar: bar.clone() };
        let checked = tokio::task::spawn_blocking(move || {
            let bytes = source.metadata()?.len();
            // Checking is two walks or three; the bar shows three.
            reader.bar.set_length(bytes.saturating_mul(3));
            let mut open = || reader.open();
            publisher::check(publisher, &mut open, bytes)
        });
        let checked = checked.await.map_err(|fault| io::Error::other(fault.to_string())).and_then(|checked| checked);
        bar.finish_and_clear();
        match checked {
            Err(fault) => report.fail(format!("Cannot read it: {fault}.")),
            Ok(checked) => self.take(path, checked, store, &mut report).await,
        }
        report
    }

    /// Takes a checked file in, if it is to be taken.
    async fn take(&self, path: &Path, mut checked: Checked, store: Option<&Store>, report: &mut FileReport) {
        if let Some(edition) = &self.edition {
            checked.edition.clone_from(edition);
        }
        checked.source.retrieved_on = self.retrieved_on;
        report.read(&mut checked);
        let is_taken = checked.faults.is_empty() || (self.skip_faulty && checked.can_skip);
        if !is_taken {
            report.refuse();
            return;
        }
        if checked.facts == 0 {
            report.fail("It has no figure that is sound; nothing was changed.".into());
            return;
        }
        let Some(store) = store else {
            report.not_there_yet();
            return;
        };
        let bar = progress("Taking in", path);
        let taken = taking::take(path, checked, store, self.dry_run, bar.clone()).await;
        bar.finish_and_clear();
        match taken {
            Ok(done) => report.done(done),
            Err(why) => report.fail(why),
        }
    }
}

/// Opens a file as often as it is walked over, and shows how far.
struct Reader {
    path: PathBuf,
    bar: ProgressBar,
}

impl Reader {
    fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(self.bar.wrap_read(File::open(&self.path)?)))
    }
}

fn progress(doing: &str, path: &Path) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:32} {bytes} of {total_bytes}, {eta} left");
    let message = format!("{doing} {}", path.file_name().unwrap_or_default().to_string_lossy());
    ProgressBar::new(0).with_message(message).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
