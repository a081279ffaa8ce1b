//! `silkroutes load-wording`: the official wording of provisions, all of it or none.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use silkroutes::app::Surroundings;
use silkroutes::config::Settings;
use silkroutes::store::{Store, Wording};

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
        let nothing = |faults: String| faults.lines().map(|line| format!("{name}: {line}\n")).chain(["Nothing was loaded.".to_owned()]).collect::<String>();
        let wording = parse(&text).map_err(|faults| nothing(faults.join("\n")))?;
        let store = Store::open_with_clock(settings.database.url(), surroundings.clock).await.map_err(|fault| fault.to_string())?;
        let loaded = store.load_wording(&wording).await;
        store.close().await;
        say(loaded.map_err(|fault| nothing(fault.to_string()))?);
        Ok(())
    }
}

/// All lines, or every one that is no line of wording.
fn parse(text: &str) -> Result<Vec<Wording>, Vec<String>> {
    let (mut wording, mut faults) = (Vec::new(), Vec::new());
    for (line, written) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(written) {
            Ok(Line { document, reference, language, text }) => wording.push(Wording { line, document, reference, language, text }),
            Err(fault) => {
                // The place that serde adds counts lines of its own text, which is always the first.
                let fault = fault.to_string();
                let fault = fault.split(" at line 1").next().unwrap_or_default();
                faults.push(format!("line {line}: {fault}; a line is an object with document, reference, language and text."));
            }
        }
    }
    if wording.is_empty() && faults.is_empty() {
        faults.push("There is no wording in the file.".into());
    }
    if faults.is_empty() { Ok(wording) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_line() {
        let good = r#"{"document":"D","reference":"I","language":"EN","text":"x"}"#;
        assert_eq!(parse(&format!("\n{good}\n\n")).expect("good").first().map(|w| w.line), Some(2));
        let faults = parse(&format!("{good}\nx\n{{\"document\":\"D\"}}\n")).expect_err("bad");
        assert!(faults.len() == 2 && faults[0].starts_with("line 2:") && faults[1].starts_with("line 3:"), "{faults:?}");
        assert!(parse("\n").is_err());
    }
}
