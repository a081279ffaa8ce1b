//! `silkroutes load-wording`: the official wording of provisions, all of it or none.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use silkroutes::app::Surroundings;
use silkroutes::config::Settings;
use silkroutes::store::{Store, Wording, WordingError, WordingFault};

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

/// A line of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    document: String,
    reference: String,
    language: String,
    text: String,
}

impl LoadWording {
    pub(super) async fn run(self, settings: Settings, surroundings: Surroundings) -> Done {
        let name = self.file.display();
        let text = fs::read_to_string(&self.file).map_err(|fault| format!("Cannot read {name}: {fault}."))?;
        let url = settings.database.url();
        if !Store::is_there(url).await {
            return Err("There are no provisions to word: the database is not there yet. `silkroutes load` makes it; then load the wording.".into());
        }
        let store = Store::open_with_clock(url, surroundings.clock).await.map_err(|fault| fault.to_string())?;
        let done = load(&store, &name.to_string(), &text).await;
        store.close().await;
        say(done?);
        Ok(())
    }
}

/// Loads what the text says, or tells every fault of every line: of its form, and of what it names.
async fn load(store: &Store, name: &str, text: &str) -> Result<String, String> {
    let (wording, mut faults) = parse(text);
    if store.is_empty().await.map_err(|fault| fault.to_string())? {
        return Err("There are no provisions to word: the database is empty. `silkroutes load` fills it; then load the wording.".into());
    }
    if faults.is_empty() {
        match store.load_wording(&wording).await {
            Ok(report) => return Ok(report.to_string()),
            Err(WordingError::Faults(found)) => faults = found,
            Err(WordingError::Store(fault)) => return Err(fault.to_string()),
        }
    } else {
        faults.extend(store.check_wording(&wording).await.map_err(|fault| fault.to_string())?);
    }
    faults.sort_by_key(|fault| fault.line);
    let lines = faults.iter().map(|fault| format!("{name}: {fault}")).chain(["Nothing was loaded.".to_owned()]);
    Err(lines.collect::<Vec<_>>().join("\n"))
}

/// The lines that are wording, and what is wrong with the others.
fn parse(text: &str) -> (Vec<Wording>, Vec<WordingFault>) {
    let (mut wording, mut faults) = (Vec::new(), Vec::new());
    for (line, written) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(written) {
            Ok(Line { document, reference, language, text }) => wording.push(Wording { line, document, reference, language, text }),
            Err(fault) => {
                // The place that serde adds counts lines of its own text, which is always the first.
                let fault = fault.to_string();
                let fault = fault.split(" at line 1").next().unwrap_or_default();
                faults.push(WordingFault { line, message: format!("{fault}; a line is an object with document, reference, language and text.") });
            }
        }
    }
    if wording.is_empty() && faults.is_empty() {
        faults.push(WordingFault { line: 1, message: "there is no wording in the file.".into() });
    }
    (wording, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_line() {
        let good = r#"{"document":"D","reference":"I","language":"EN","text":"x"}"#;
        let (wording, faults) = parse(&format!("\n{good}\n\n"));
        assert!(wording.first().map(|w| w.line) == Some(2) && faults.is_empty());
        let (wording, faults) = parse(&format!("{good}\nx\n{{\"document\":\"D\"}}\n"));
        assert!(wording.len() == 1 && faults.iter().map(|fault| fault.line).eq([2, 3]), "{faults:?}");
        assert_eq!(parse("\n").1.len(), 1);
    }
}
