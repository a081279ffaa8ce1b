//! `silkroutes config`: every setting with its value and origin, in the form of a file that `--config` reads, or as a
//! table for the documents.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use silkroutes::config::table::table;
use silkroutes::config::{Config, Origin};

use super::say;

#[derive(Debug, Args)]
pub(super) struct Show {
    /// As a table in Markdown.
    #[arg(long)]
    markdown: bool,
}

impl Show {
    pub(super) fn run(&self, config: &Config) -> ExitCode {
        say(if self.markdown { table(config).trim_end().to_owned() } else { text(config) });
        ExitCode::SUCCESS
    }
}

fn text(config: &Config) -> String {
    let mut text = String::from("# The settings of Silkroutes. A line that starts with # says what is there anyway.\n");
    let mut group = "";
    // TOML wants what has no group first, and each group once: by name, one may stand within another.
    let mut rows: Vec<_> = config.rows().map(|row| (row.name.rsplit_once('.').unwrap_or(("", row.name)), row)).collect();
    rows.sort_by_key(|((of, _), _)| *of);
    for ((of, name), row) in rows {
        if of != group {
            group = of;
            let _ = writeln!(text, "\n[{group}]");
        }
        let off = if *row.origin == Origin::Default { "# " } else { "" };
        let _ = writeln!(text, "\n# {}\n{off}{name} = {} # {}", row.sentence, row.value, row.origin);
    }
    text.truncate(text.trim_end().len());
    text
}
