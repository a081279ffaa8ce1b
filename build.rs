//! Gathers what the binary carries: the web pages, the examples and the catalogue.
//! It never runs npm and reaches nothing outside this folder: GraphiQL is carried if `web/dist` was built beforehand,
//! else one warning says how, and the plain console stands in. `SILKROUTES_UI=require` makes that an error.
//!
//! Writes `pages.rs` (read by `src/http/pages.rs`) and `catalogue.rs` into the build's own folder. The tables are
//! sorted by the relative path as text; sorting by `Path` orders `a/` before `a-b/`, and a binary search would miss.

#![allow(clippy::disallowed_methods, reason = "a build script is told what to do by its environment")]

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const HOW: &str = "build GraphiQL with `npm ci --ignore-scripts` and `npm run build` in web/, then build again";

fn main() {
    if let Err(fault) = run() {
        println!("cargo::error={fault}");
    }
}

fn run() -> Result<(), String> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let console = walk(&root.join("web/console"))?;
    let examples = walk(&root.join("web/graphiql/examples"))?;
    let dist = built_pages(&root)?;
    let catalogue = walk(&root.join("catalogue"))?;
    for watched in ["web/console", "web/graphiql/examples", "catalogue"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    write(&out.join("pages.rs"), &(pages(&console, &dist)? + &example_table(&examples)))?;
    write(&out.join("catalogue.rs"), &catalogue_table(&catalogue))
}

/// The files that npm built; none, with a warning, if it did not.
fn built_pages(root: &Path) -> Result<Vec<(String, String)>, String> {
    println!("cargo::rerun-if-env-changed=SILKROUTES_UI");
    let required = match env::var("SILKROUTES_UI").as_deref() {
        Ok("require") => true,
        Ok("") | Err(_) => false,
        Ok(other) => {
            return Err(format!("SILKROUTES_UI may be `require` or unset, not `{other}`"));
        }
    };
    // A path that is not there would make every build run this again, so watch its parent until it is.
    let dist = root.join("web/dist");
    println!("cargo::rerun-if-changed={}", if dist.is_dir() { "web/dist" } else { "web" });
    if dist.join("graphiql/index.html").is_file() {
        return walk(&dist);
    }
    if required {
        return Err(format!("SILKROUTES_UI=require, but the web pages are not built: {HOW}"));
    }
    println!("cargo::warning=the binary will carry the plain console only; to have more, {HOW}");
    Ok(Vec::new())
}

/// `FILES`: every page file. One with packed twins (`.br`, `.gz`) is carried as these two, any other as it is.
fn pages(console: &[(String, String)], dist: &[(String, String)]) -> Result<String, String> {
    let console = console.iter().map(|(path, file)| (format!("console/{path}"), file.clone()));
    let mut files: Vec<_> = console.chain(dist.iter().cloned()).collect();
    files.sort();
    let mut table = String::from("static FILES: &[File] = &[\n");
    for (path, file) in &files {
        let twin = |end: &str| {
            let name = format!("{path}.{end}");
            files.iter().find(|(other, _)| *other == name).map(|(_, twin)| twin)
        };
        if has_extension(path, &["br", "gz"]) {
            continue;
        }
        let (raw, br, gz) = match (twin("br"), twin("gz")) {
            (Some(br), Some(gz)) => (None, Some(br), Some(gz)),
            _ => (Some(file), None, None),
        };
        let bytes = |file: Option<&String>| file.map_or_else(|| "&[]".to_owned(), |file| format!("include_bytes!({file:?})"));
        let (etag, raw, br, gz) = (etag(file)?, bytes(raw), bytes(br), bytes(gz));
        let _ = writeln!(table, "    File {{ path: {path:?}, etag: {etag:?}, raw: {raw}, br: {br}, gz: {gz} }},");
    }
    Ok(table + "];\n")
}

/// `EXAMPLES`: name, query, and variables (empty where the example has none).
fn example_table(examples: &[(String, String)]) -> String {
    let mut table = String::from("static EXAMPLES: &[(&str, &str, &str)] = &[\n");
    for (path, file) in examples {
        let Some(name) = path.strip_suffix(".graphql") else {
            continue;
        };
        let twin = examples.iter().find(|(other, _)| *other == format!("{name}.variables.json"));
        let variables = twin.map_or_else(|| "\"\"".to_owned(), |(_, twin)| format!("include_str!({twin:?})"));
        let _ = writeln!(table, "    ({name:?}, include_str!({file:?}), {variables}),");
    }
    table + "];\n"
}

/// `FILES`: the catalogue's files by their path in it.
fn catalogue_table(catalogue: &[(String, String)]) -> String {
    let mut table = String::from(
        "/// The catalogue's files: path and content, sorted by path.\n\
         pub static FILES: &[(&str, &str)] = &[\n",
    );
    for (path, file) in catalogue.iter().filter(|(path, _)| has_extension(path, &["toml", "csv", "md"])) {
        let _ = writeln!(table, "    ({path:?}, include_str!({file:?})),");
    }
    table + "];\n"
}

/// All files below a folder: their path in it, with `/` between the parts, and where they are; sorted as text.
fn walk(folder: &Path) -> Result<Vec<(String, String)>, String> {
    fn into(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() {
                into(&entry.path(), &format!("{prefix}{name}/"), found)?;
            } else {
                found.push((format!("{prefix}{name}"), entry.path().to_string_lossy().into_owned()));
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    into(folder, "", &mut found).map_err(|fault| format!("cannot read {}: {fault}", folder.display()))?;
    found.sort();
    Ok(found)
}

/// A mark of a file's content, in the form of the `ETag` header; weak, as a file goes out in several encodings.
fn etag(file: &str) -> Result<String, String> {
    let content = fs::read(file).map_err(|fault| format!("cannot read {file}: {fault}"))?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&content);
    Ok(format!("W/\"{:016x}\"", hasher.finish()))
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("cargo did not set {name}"))
}

fn write(file: &Path, content: &str) -> Result<(), String> {
    fs::write(file, content).map_err(|fault| format!("cannot write {}: {fault}", file.display()))
}
