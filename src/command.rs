//! The command line: what can be asked of the program, and how it says what went wrong.
//!
//! A command either does what it says and exits with 0, or says in one sentence on stderr why not and exits with 1
//! (2 where the command line itself cannot be read). One file a command.

mod backup;
mod config;
mod copy;
mod doctor;
mod health;
mod import;
mod key;
mod load;
mod load_wording;
mod schema;
mod serve;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use silkroutes::app::{self, Surroundings};
use silkroutes::config::{Config, Sources, read};
use silkroutes::{http, telemetry};

const ABOUT: &str = "The Silk Routes Partnership for Migration as a GraphQL API: the 2013 Istanbul Declaration, the \
    parties, their working groups, flows, practices and meetings.

Without a command it serves: it makes the database silkroutes.db in this folder if there is none, fills it with the \
    built-in catalogue, and prints where the editor GraphiQL is.";

const EXAMPLES: &str = "Examples:
  silkroutes                                    serve on 127.0.0.1:8080
  silkroutes serve --listen 0.0.0.0:80          serve on every address of this machine
  silkroutes load my-catalogue --check          look for faults in your own catalogue; change nothing
  silkroutes import unhcr population.csv        take in the figures of a publisher's file
  silkroutes key create --party UZB --role focal-point --expires 90d --subject desk-4
                                                print a new API key for the focal point of Uzbekistan
  silkroutes config --set log.format=json       show every setting, its value and where it came from
  silkroutes schema > schema.graphql            write down the schema

Settings come from flags, else from the environment (SILKROUTES_LISTEN, SILKROUTES_HTTP_BODY_BYTES, …; DATABASE_URL), \
    else from a TOML file (--config FILE or SILKROUTES_CONFIG), else from their defaults.";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "silkroutes", version, about = "The Silk Routes Partnership for Migration as a GraphQL API", long_about = ABOUT, after_help = EXAMPLES)]
struct Line {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Settings that are often set; the others go by `--set`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
struct Flags {
    /// A TOML file with settings; `silkroutes config` prints one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on; `127.0.0.1:8080` where none is given.
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// URL of the database, `sqlite://FILE` or `postgres://USER@HOST/NAME`; `sqlite://silkroutes.db` where none is given.
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// Log for people (text) or for machines (json) [default: text].
    #[arg(long, global = true, value_name = "FORMAT")]
    log: Option<String>,
    /// How much to log: error, warn, info, debug or trace [default: info].
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Which documents to run: any, or trusted-only [default: any].
    #[arg(long, global = true, value_name = "MODE")]
    documents: Option<String>,
    /// A folder of .graphql files, or a manifest of Relay or Apollo: the documents that are trusted.
    #[arg(long, global = true, value_name = "PATH")]
    document_source: Option<String>,
    /// Any setting, as in `--set http.body_bytes=131072`; may be repeated.
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer queries (this is what happens without a command).
    Serve,
    /// Load a catalogue into the database.
    Load(load::Load),
    /// Import a publisher's file of figures.
    Import(import::Import),
    /// Load the official wording of provisions.
    LoadWording(load_wording::LoadWording),
    /// Make, list and revoke API keys.
    Key(key::KeyCommand),
    /// Write everything into a file, while servers run.
    Backup(backup::Backup),
    /// Put back what a backup holds.
    Restore(backup::Restore),
    /// Copy everything into another database, of whichever engine.
    Copy(copy::Copy),
    /// Print the schema in GraphQL's schema language.
    Schema,
    /// Look whether settings, database and graph are sound.
    Doctor,
    /// Ask the running server whether it is ready; fails where it is not.
    Health,
    /// Print every setting, its value and where it came from, as a file for --config.
    Config(config::Show),
}

/// Runs what the command line asks for.
pub fn run(arguments: impl Iterator<Item = OsString>, environment: Vec<(String, String)>, surroundings: Surroundings) -> ExitCode {
    let Line { flags, command } = match Line::try_parse_from(arguments) {
        Ok(line) => line,
        // Help and version come this way too; clap knows where they go and with which status.
        Err(fault) => {
            let _ = fault.print();
            return ExitCode::from(u8::try_from(fault.exit_code()).unwrap_or(2));
        }
    };
    let config = match flags.sources(environment).and_then(|sources| read(sources).map_err(|faults| faults.to_string())) {
        Ok(config) => config,
        Err(faults) => return fail(faults),
    };
    start_log(&config);
    match command.unwrap_or(Command::Serve) {
        Command::Serve => with_runtime(serve::run(config.settings, surroundings)),
        Command::Load(load) => with_runtime(load.run(config.settings, surroundings)),
        Command::Import(import) => with_runtime(import.run(config.settings, surroundings)),
        Command::LoadWording(load) => with_runtime(load.run(config.settings, surroundings)),
        Command::Key(key) => with_runtime(key.run(config.settings, surroundings)),
        Command::Backup(backup) => with_runtime(backup.run(config.settings, surroundings)),
        Command::Restore(restore) => with_runtime(restore.run(config.settings, surroundings)),
        Command::Copy(copy) => with_runtime(copy.run(surroundings)),
        Command::Schema => schema::run(config.settings),
        Command::Doctor => with_runtime(doctor::run(config.settings)),
        Command::Health => done(health::run(&config.settings)),
        Command::Config(show) => show.run(&config),
    }
}

impl Flags {
    fn sources(self, environment: Vec<(String, String)>) -> Result<Sources, String> {
        let mut flags = Vec::new();
        for pair in self.set {
            let (name, value) = pair.split_once('=').ok_or_else(|| format!("--set takes NAME=VALUE, not {pair}."))?;
            flags.push((name.trim().to_owned(), value.trim().to_owned(), "--set"));
        }
        let own = [
            ("listen", self.listen, "--listen"),
            ("database", self.database, "--database"),
            ("log.format", self.log, "--log"),
            ("log.level", self.log_level, "--log-level"),
            ("http.documents", self.documents, "--documents"),
            ("http.document_source", self.document_source, "--document-source"),
        ];
        flags.extend(own.into_iter().filter_map(|(name, value, flag)| Some((name.to_owned(), value?, flag))));
        Ok(Sources { file: self.config, environment, flags })
    }
}

fn start_log(config: &Config) {
    telemetry::log(&config.settings.log, std::io::stderr, std::io::stderr().is_terminal());
    telemetry::log_panics(|| http::request_id::current().map(|id| id.to_string()));
}

/// What a command comes to: nothing more to say, or a sentence on why not.
type Done = Result<(), String>;

fn with_runtime(work: impl Future<Output = Done>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().event_interval(app::STEPS).build() {
        Ok(runtime) => done(runtime.block_on(work)),
        Err(fault) => fail(format!("The system gives no threads: {fault}.")),
    }
}

fn done(done: Done) -> ExitCode {
    done.map_or_else(fail, |()| ExitCode::SUCCESS)
}

/// Says why not.
pub fn fail(why: impl Display) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{why}");
    ExitCode::FAILURE
}

/// Says something about what was said, where it is not in the way of a pipe.
fn explain(what: impl Display) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// Says something to whoever asked. A reader that left is no fault.
fn say(what: impl Display) {
    let _ = writeln!(std::io::stdout(), "{what}");
}
