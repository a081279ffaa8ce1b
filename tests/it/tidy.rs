//! The house keeps its own rules: what ARCHITECTURE.md promises of the layout, held against the files.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of ours below a folder, with its path from the root and its text.
fn sources(below: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(below)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).expect("readable")));
            }
        }
    }
    found.sort();
    found
}

fn everything() -> Vec<(String, String)> {
    ["src", "migrations", "tests", "benches"].into_iter().flat_map(sources).filter(|(name, _)| !name.contains("/target/")).collect()
}

/// The lines of a file that are code: no comments, and nothing behind the first test module.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).filter(|line| !line.trim_start().starts_with("//"))
}

/// Whether a line names a crate or a slab, as a path or in a `use`.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + word.len()..];
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') && after.starts_with("::")
    })
}

fn offenders(below: &[&str], word: &str, except: &[&str]) -> Vec<String> {
    let inside = |name: &str, slab: &str| name == format!("src/{slab}.rs") || name.starts_with(&format!("src/{slab}/"));
    sources("src")
        .into_iter()
        .filter(|(name, _)| below.is_empty() || below.iter().any(|slab| inside(name, slab)))
        .filter(|(name, _)| !except.iter().any(|slab| inside(name, slab)))
        .flat_map(|(name, text)| code(&text).filter(|line| names(line, word)).map(|line| format!("{name}: {}", line.trim())).collect::<Vec<_>>())
        .collect()
}

#[test]
fn each_library_is_named_in_its_own_slab_alone() {
    assert_eq!(offenders(&[], "sea_orm", &["store"]), Vec::<String>::new());
    assert_eq!(offenders(&[], "sea_orm_migration", &[]), Vec::<String>::new());
    assert_eq!(offenders(&[], "axum", &["http", "app"]), Vec::<String>::new());
    assert_eq!(offenders(&[], "dataloader", &["graphql"]), Vec::<String>::new());
    for pure in ["async_graphql", "tokio", "sea_orm", "axum", "tracing"] {
        assert_eq!(offenders(&["domain", "graph"], pure, &[]), Vec::<String>::new(), "{pure} in a pure slab");
    }
}

#[test]
fn the_slabs_depend_in_one_direction() {
    let order = ["domain", "graph", "store", "graphql", "http", "app"];
    for (n, slab) in order.iter().enumerate() {
        for above in &order[n + 1..] {
            assert_eq!(offenders(&[slab], &format!("crate::{above}"), &[]), Vec::<String>::new(), "{slab} knows {above}");
        }
    }
    for leaf in ["config", "telemetry"] {
        for slab in ["domain", "graph", "store", "graphql", "http"] {
            assert_eq!(offenders(&[slab], &format!("crate::{leaf}"), &[]), Vec::<String>::new(), "{slab} reads {leaf}");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_readable() {
    for (name, text) in everything() {
        assert!(text.starts_with("//!"), "{name} does not open with //!");
        assert!(text.lines().count() <= 600, "{name} has {} lines", text.lines().count());
        assert!(!name.ends_with("/mod.rs"), "{name}: name the file after its folder");
    }
}

#[test]
fn no_test_is_switched_off_and_nothing_is_left_open() {
    let ignored = concat!("#[", "ignore");
    for (name, text) in everything() {
        assert!(!text.contains(ignored), "{name} has an ignored test");
        for word in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("unimpl", "emented!"), concat!("to", "do!(")] {
            assert!(!text.contains(word), "{name} says {word}");
        }
    }
}

#[test]
fn the_schema_in_git_is_the_one_that_is_served() {
    let served = silkroutes::graphql::Api::new(silkroutes::graphql::limit::Limits::default(), false);
    let path = root().join("schema.graphql");
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == served.sdl(), "schema.graphql is stale: run `cargo run -- schema > schema.graphql` and look at the difference");
}

#[test]
fn every_document_that_is_linked_to_is_there() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/API-DESIGN.md"] {
        let text = fs::read_to_string(root().join(document)).expect(document);
        let here = root().join(document);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let path = here.parent().unwrap_or_else(|| Path::new("")).join(target);
            assert!(path.exists(), "{document} links to {target}, which is not there");
        }
    }
}

#[test]
fn documented_error_codes_are_the_ones_there_are() {
    let text = fs::read_to_string(root().join("docs/API-DESIGN.md")).expect("docs/API-DESIGN.md");
    let all: String = sources("src").into_iter().map(|(_, text)| text).collect();
    for code in [
        "BAD_REQUEST",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
        "LIMIT_DEPTH",
        "LIMIT_COST",
        "LIMIT_TOKENS",
        "LIMIT_ALIASES",
        "DOCUMENT_NOT_FOUND",
        "PERSISTED_QUERY_NOT_FOUND",
        "PERSISTED_QUERY_NOT_SUPPORTED",
        "OVERLOADED",
        "UNAUTHENTICATED",
        "THROTTLED",
        "TIMEOUT",
        "BEHIND",
        "UNAVAILABLE",
        "INTERNAL",
        "TRUNCATED_ERRORS",
    ] {
        assert!(text.contains(code), "docs/API-DESIGN.md does not explain {code}");
        assert!(all.contains(&format!("\"{code}\"")), "no source makes {code}");
    }
}

/// What a document names in backticks as a file of the repository, and the test in it, where it says one (`FILE::TEST`).
fn named(text: &str) -> Vec<(&str, Option<&str>)> {
    let spans = text.split('`').skip(1).step_by(2);
    let parts = spans.map(|span| span.split_once("::").map_or((span, None), |(file, test)| (file, Some(test))));
    let is_ours = |file: &str| ["src/", "tests/", "web/", "benches/", "migrations/", "fuzz/"].iter().any(|folder| file.starts_with(folder));
    let is_file = |file: &str| is_ours(file) && Path::new(file).extension().is_some() || file.starts_with(".ci/");
    parts.filter(|(file, _)| is_file(file) && !file.contains([' ', '*', '<', '{'])).collect()
}

/// Why a test is not there.
fn missing(file: &str, test: Option<&str>) -> Option<String> {
    let path = root().join(file);
    let Some(test) = test else { return (!path.exists()).then(|| format!("{file} is not there")) };
    let Ok(content) = fs::read_to_string(&path) else { return Some(format!("{file} is not there")) };
    let lines: Vec<&str> = content.lines().collect();
    let at = lines.iter().position(|line| line.split("fn ").nth(1).is_some_and(|rest| rest.starts_with(&format!("{test}("))));
    let is_test = at.is_some_and(|at| lines[at.saturating_sub(4)..at].iter().any(|line| line.trim_start().starts_with("#[test]") || line.contains("::test")));
    (!is_test).then(|| format!("{file} has no test {test}"))
}

#[test]
fn every_promise_names_a_test_that_is_there() {
    let text = fs::read_to_string(root().join("SECURITY.md")).expect("SECURITY.md");
    let promised = text.split("## What is promised").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("what is promised");
    let rows: Vec<&str> = promised.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 10, "the table of promises");
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 3, "promise, where it is kept, held by: {row}");
        assert!(!named(cells[2]).is_empty(), "nothing holds this promise: {row}");
    }
    for document in ["SECURITY.md", "docs/CONFIDENTIALITY.md", "ARCHITECTURE.md", "docs/OPERATING.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(root().join(document)).expect(document);
        let faults: Vec<String> = named(&text).into_iter().filter_map(|(file, test)| missing(file, test)).collect();
        assert_eq!(faults, Vec::<String>::new(), "{document} names what is not there");
    }
}
