//! `silkroutes load-wording`: the official wording of provisions, all of it or none.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use silkroutes::app::Surroundings;
use silkroutes::config::Settings;
use silkroutes::store::{Store, Wording, WordingError};

use super::{Done, say};

/// Loads the official wording of provisions from a file of JSON lines; all of it or none.
///
/// The catalogue tells what each provision says in words of its own; the wording itself is its publisher's, and is
/// brought in by those who may.
#[derive(Debug, Args)]
#[command(after_help = "A line of the file:
  {\"document\": \"DECLARATION-2013\", \"reference\": \"IV.a.ii\", \"language\": \"EN\", \"text\": \"…\"}")]
pub(super) struct LoadWording {
    /// A file with one JSON object a line: document, reference, language, text.
    file: PathBuf,
}

impl LoadWording {
    pub(super) async fn run(self, settings: Settings, surroundings: Surroundings) -> Done {
        let name = self.file.display().to_string();
        let text = fs::read_to_string(&self.file).map_err(|fault| format!("Cannot read {name}: {fault}."))?;
        let (numbers, wording): (Vec<_>, Vec<_>) = parse(&text).map_err(|faults| nothing(&name, faults))?.into_iter().unzip();
        let store = Store::open(settings.database.url()).await.map_err(|fault| fault.to_string())?;
        let loaded = store.load_wording(&wording, (surroundings.clock)()).await;
        store.close().await;
        match loaded {
            Ok(report) => {
                say(format_args!("Loaded the wording of {} provisions; {} stood there already.", report.changed, report.unchanged));
                Ok(())
            }
            Err(WordingError::Lines(faults)) => {
                // The store counts the lines that it was given; blank ones were left out.
                let line = |n: usize| numbers.get(n.saturating_sub(1)).copied().unwrap_or(n);
                Err(nothing(&name, faults.into_iter().map(|(n, fault)| (line(n), fault)).collect()))
            }
            Err(fault) => Err(format!("{fault} Nothing was loaded.")),
        }
    }
}

/// The number of a line, and what is wrong with it.
type Fault = (usize, String);

/// Every fault on its line, and that nothing came of it.
fn nothing(name: &str, faults: Vec<Fault>) -> String {
    let mut lines: Vec<_> = faults.into_iter().map(|(line, fault)| format!("{name}: line {line}: {fault}")).collect();
    lines.push("Nothing was loaded.".into());
    lines.join("\n")
}

/// All lines with their numbers, or every fault with the number of its line.
fn parse(text: &str) -> Result<Vec<(usize, Wording)>, Vec<Fault>> {
    let mut wording = Vec::new();
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(line) => wording.push((number, line)),
            // The place that serde adds counts lines of its own text, which is always the first.
            Err(fault) => {
                let fault = fault.to_string();
                let fault = fault.split(" at line 1").next().unwrap_or_default();
                faults.push((number, format!("{fault}; a line is an object with document, reference, language (EN, RU …) and text")));
            }
        }
    }
    if wording.is_empty() && faults.is_empty() {
        faults.push((1, "there is no wording in the file".into()));
    }
    if faults.is_empty() { Ok(wording) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_line() {
        let good = r#"{"document":"D","reference":"I","language":"EN","text":"x"}"#;
        assert_eq!(parse(&format!("\n{good}\n\n")).expect("good").first().map(|(line, _)| *line), Some(2));
        let bad = format!("{good}\nx\n{{\"document\":\"D\"}}\n{}\n", r#"{"document":"D","reference":"II","language":"xx","text":"y"}"#);
        let lines: Vec<_> = parse(&bad).expect_err("bad").into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [2, 3, 4]);
        assert!(parse("\n").is_err());
    }
}
