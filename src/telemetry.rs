//! The log, and where numbers are kept.
//!
//! Nothing that a client sends is logged: no documents, no variables, no headers but the request's id.

use std::panic;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::{MakeWriter, fmt};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Log, LogFormat, LogLevel};

/// Starts the log; once a process. A second call changes nothing.
pub fn log(log: &Log, writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static, with_colours: bool) {
    // Libraries at one level less: their every connection is not our news.
    let filter = EnvFilter::new(match log.level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "warn,silkroutes=info",
        LogLevel::Debug => "info,silkroutes=debug",
        LogLevel::Trace => "trace",
    });
    // A line that cannot be written, as on a full disk, is lost; telling of that on the same stderr would be a panic.
    let lines = fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false);
    let _ = match log.format {
        LogFormat::Text => lines.with_ansi(with_colours).with_target(false).finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    };
}

/// From now on a panic goes to the log, with its place, its backtrace and the request that it happened in.
pub fn log_panics(request: fn() -> Option<String>) {
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string);
        let request_id = request();
        let text = info.payload_as_str().unwrap_or("something that is no text");
        let backtrace = std::backtrace::Backtrace::force_capture();
        tracing::error!(place, request_id, %backtrace, "a panic: {text}");
    }));
}

/// A place for the numbers of one server; none for the whole process, so that tests can have many.
#[must_use]
pub fn recorder() -> PrometheusRecorder {
    // From half a millisecond to the time limit, doubling: a graph that turns slow is seen, whichever way.
    const SECONDS: [f64; 14] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
    let builder = PrometheusBuilder::new();
    builder.set_buckets(&SECONDS).unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder()
}
