//! `silkroutes schema`: the schema as text, the same as `/schema.graphql` and the file in the repository.

use std::io::Write as _;
use std::process::ExitCode;

use silkroutes::config::Settings;
use silkroutes::graphql::Api;

pub(super) fn run(settings: Settings) -> ExitCode {
    let api = Api::new(settings.graphql, settings.suggestions);
    let _ = std::io::stdout().write_all(api.sdl().as_bytes());
    ExitCode::SUCCESS
}
