//! `silkroutes copy`: moves a deployment from one database to another, of whichever engine.

use std::io::IsTerminal as _;
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use silkroutes::app::Surroundings;
use silkroutes::config::Database;
use silkroutes::store::Store;

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
        let shown = |url: &str| Database::from(url.to_owned()).to_string();
        if self.from == self.to {
            return Err("Both addresses name one database.".into());
        }
        if !Store::is_there(&self.from).await {
            return Err(format!("There is nothing to copy: {} is not there yet.", shown(&self.from)));
        }
        let open = async |url: &str| Store::open_with_clock(url, surroundings.clock).await.map_err(|fault| fault.to_string());
        let source = open(&self.from).await?;
        let target = match open(&self.to).await {
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
        let copied = source.copy_to(&target, self.replace, Arc::new(progress)).await;
        bar.finish_and_clear();
        source.close().await;
        target.close().await;
        say(copied.map_err(|fault| fault.to_string())?);
        Ok(())
    }
}

fn progress() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("Copying {bar:32} {pos} of {len} rows, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
