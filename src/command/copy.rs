//! `silkroutes copy`: moves a deployment from one database to another, of whichever engine.

use std::io::IsTerminal as _;
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use silkroutes::app::Surroundings;
use silkroutes::config::Database;
use silkroutes::store::{CopyReport, Store};

use super::{Done, say};

/// Copies everything that a database holds into another one: entries, figures, versions, the change log, the chain of
/// events, keys and secrets. Ids, cursors and keys stay good. It is there as a whole, read again and found the same, or
/// not at all. Stop what writes to either database first: what is written meanwhile is not in the copy.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  silkroutes copy --from sqlite://silkroutes.db --to postgres://silkroutes@db.example.org/silkroutes
  silkroutes copy --from postgres://silkroutes@db.example.org/silkroutes --to sqlite://copy.db")]
pub(super) struct Copy {
    /// URL of the database that is read.
    #[arg(long, value_name = "URL")]
    from: String,
    /// URL of the database that is written: an empty one, or one that holds the same already.
    #[arg(long, value_name = "URL")]
    to: String,
    /// Give up what the target holds.
    #[arg(long)]
    replace: bool,
}

impl Copy {
    pub(super) async fn run(self, surroundings: Surroundings) -> Done {
        if self.from == self.to {
            return Err("Both addresses name one database.".into());
        }
        if !Store::is_there(&self.from).await {
            return Err(format!("There is nothing to copy: {} is not there yet.", shown(&self.from)));
        }
        say(copy(&self.from, &self.to, self.replace, &surroundings).await?);
        Ok(())
    }
}

/// A URL as it may be shown.
pub(super) fn shown(url: &str) -> String {
    Database::from(url.to_owned()).to_string()
}

/// Copies everything that is there at one moment, with a progress bar; the source may be written to meanwhile.
pub(super) async fn copy(from: &str, to: &str, replace: bool, surroundings: &Surroundings) -> Result<CopyReport, String> {
    let open = async |url: &str| Store::open_with_clock(url, surroundings.clock).await.map_err(|fault| fault.to_string());
    let source = open(from).await?;
    let target = match open(to).await {
        Ok(target) => target,
        Err(fault) => {
            source.close().await;
            return Err(fault);
        }
    };
    let bar = progress();
    let told = bar.clone();
    let progress = move |done, all| {
        told.set_length(all);
        told.set_position(done);
    };
    let copied = source.copy_to(&target, replace, Arc::new(progress)).await;
    bar.finish_and_clear();
    source.close().await;
    target.close().await;
    copied.map_err(|fault| fault.to_string())
}

fn progress() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("Copying {bar:32} {pos} of {len} rows, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
