//! The shipped catalogue, and what is said of one with mistakes: one fault a mistake, where it stands, what would be right.

mod mistakes;
mod shipped;
mod single;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use super::{Catalogue, Fault};

/// One of the practices.
const PRACTICE: &str = "good_practices/prottasha-reintegration-bangladesh.md";

/// The files of a catalogue, by path.
type Files = BTreeMap<String, String>;

/// The files that the project ships.
fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut files = Files::new();
        gather(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue")), "", &mut files);
        files
    })
}

fn gather(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        if entry.path().is_dir() {
            gather(&entry.path(), &format!("{prefix}{name}/"), files);
        } else {
            files.insert(format!("{prefix}{name}"), fs::read_to_string(entry.path()).expect("a text"));
        }
    }
}

fn read(files: &Files) -> Result<Catalogue, Vec<Fault>> {
    super::read(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

/// The faults, as they are printed.
fn faults(files: &Files) -> Vec<String> {
    read(files).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// Replaces the first `from` in a file; in a file that is not there, or with an empty `from`, `to` is all of it.
fn edit(files: &mut Files, file: &str, from: &str, to: &str) {
    let text = files.entry(file.to_owned()).or_default();
    assert!(text.contains(from), "{file} has no {from}");
    *text = if from.is_empty() { to.to_owned() } else { text.replacen(from, to, 1) };
}
