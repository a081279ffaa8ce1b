//! `silkroutes serve`: answers until it is told to stop.

use tokio::signal::unix::{SignalKind, signal};

use silkroutes::app::{self, Surroundings};
use silkroutes::config::Settings;

use super::{Done, say};

pub(super) async fn run(settings: Settings, surroundings: Surroundings) -> Done {
    let no_signals = |fault: std::io::Error| format!("The system gives no signals: {fault}.");
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;

    let database = settings.database.to_string();
    // It goes through much once: too large a future for a stack.
    let app = Box::pin(app::start(settings, surroundings)).await.map_err(|fault| fault.to_string())?;
    let address = app.address();
    say(format_args!("Silkroutes answers at http://{address}/graphql"));
    say(format_args!("GraphiQL is at       http://{address}/graphiql"));
    if let Some(address) = app.metrics_address() {
        say(format_args!("Metrics are at       http://{address}/metrics"));
    }
    say(format_args!("The database is      {database}"));
    say("Stop with Ctrl-C.");

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    // Whoever asks twice does not want to wait.
    tokio::select! {
        () = app.stop() => Ok(()),
        _ = terminate.recv() => Err("Stopped without waiting.".into()),
        _ = interrupt.recv() => Err("Stopped without waiting.".into()),
    }
}
