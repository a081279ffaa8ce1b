//! What is counted. Every handle is made once: a request costs a few atomic additions.
//!
//! Labels come from closed lists (route, class of status, code of the transport or the executor, measure, names of operations
//! that the operator trusts), never from a client.

use std::collections::{BTreeSet, HashMap};

use axum::http::StatusCode;
use metrics::{Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusHandle, PrometheusRecorder};
use tokio::time::Instant;

use super::refusal::code;
use crate::domain::figure::Measure as Counted;
use crate::domain::word::Words;
use crate::store::Vitals;

/// So many operations are measured by name, the first by their names; each costs some memory.
const NAMED: usize = 200;

/// Codes that are counted by name; any other counts as `OTHER`.
const CODES: &[&str] = &[
    code::BAD_REQUEST,
    code::LIMIT_BODY,
    code::LIMIT_URI,
    code::LIMIT_HEADERS,
    code::LIMIT_ANSWER,
    code::TRUNCATED_ERRORS,
    code::UNAUTHENTICATED,
    code::THROTTLED,
    code::TIMEOUT,
    code::BEHIND,
    code::OVERLOADED,
    code::DOCUMENT_NOT_FOUND,
    code::PERSISTED_QUERY_NOT_FOUND,
    code::PERSISTED_QUERY_NOT_SUPPORTED,
    code::UNAVAILABLE,
    code::INTERNAL,
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "LIMIT_DEPTH",
    code::LIMIT_COST,
    "LIMIT_TOKENS",
    "LIMIT_ALIASES",
    "OTHER",
];

/// The counters of one server.
pub struct Meter {
    handle: PrometheusHandle,
    graphql: Route,
    other: Route,
    in_flight: Gauge,
    connections: Gauge,
    turned_away: Counter,
    given_up: Counter,
    cut: Counter,
    waiting: Gauge,
    received: Counter,
    refusals: Vec<(&'static str, Counter)>,
    revision: Gauge,
    entries: Gauge,
    kept: [Counter; 2],
    kept_bytes: Gauge,
    /// Time of operations that the operator trusts, by name, and of all others.
    operations: HashMap<String, Histogram>,
    other_operations: Histogram,
    database: [Gauge; 2],
    log_bytes: Gauge,
    keeps: Gauge,
    erasing: Gauge,
    closed: Vec<(Counted, Gauge)>,
    veiled: Counter,
}

/// What is counted of one route.
struct Route {
    /// By the first digit of the status, from 2 on.
    answers: [Counter; 4],
    seconds: Histogram,
}

impl Meter {
    /// Counters that `recorder` keeps; operations of these names have a time of their own.
    #[must_use]
    pub fn new(recorder: &PrometheusRecorder, version: &'static str, operations: &BTreeSet<String>) -> Self {
        metrics::with_local_recorder(recorder, || {
            describe();
            gauge!("silkroutes_build_info", "version" => version).set(1.0);
            Self {
                handle: recorder.handle(),
                graphql: Route::new("graphql"),
                other: Route::new("other"),
                in_flight: gauge!("silkroutes_http_requests_in_flight"),
                connections: gauge!("silkroutes_http_connections"),
                turned_away: counter!("silkroutes_http_connections_turned_away_total"),
                given_up: counter!("silkroutes_http_connections_given_up_total"),
                cut: counter!("silkroutes_http_answers_cut_total"),
                waiting: gauge!("silkroutes_http_waiting_bytes"),
                received: counter!("silkroutes_http_received_bytes_total"),
                refusals: CODES.iter().map(|code| (*code, counter!("silkroutes_refusals_total", "code" => *code))).collect(),
                revision: gauge!("silkroutes_snapshot_revision"),
                entries: gauge!("silkroutes_snapshot_entries"),
                kept: ["miss", "hit"].map(|found| counter!("silkroutes_kept_answers_total", "found" => found)),
                kept_bytes: gauge!("silkroutes_kept_answers_bytes"),
                operations: operations.iter().take(NAMED).map(|name| (name.clone(), operation(name.clone()))).collect(),
                other_operations: operation("other".to_owned()),
                database: ["used", "idle"].map(|state| gauge!("silkroutes_database_connections", "state" => state)),
                log_bytes: gauge!("silkroutes_database_log_bytes"),
                keeps: gauge!("silkroutes_database_keeps_writes"),
                erasing: gauge!("silkroutes_erasure_pending"),
                closed: Counted::ALL.iter().map(|word| (word.value, gauge!("silkroutes_closed_figures", "measure" => word.name))).collect(),
                veiled: counter!("silkroutes_closed_figures_taken_out_total"),
            }
        })
    }

    /// Everything as Prometheus reads it.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Sums up what was measured since the last time; without it, samples pile up between two readings.
    pub fn tidy(&self) {
        self.handle.run_upkeep();
    }

    /// Tells which graph is served.
    pub fn snapshot(&self, revision: u64, entries: usize) {
        #[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other number")]
        self.revision.set(revision as f64);
        #[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other number")]
        self.entries.set(entries as f64);
    }

    /// Counts a look for a kept answer.
    pub(super) fn looked(&self, found: bool) {
        if let Some(counter) = self.kept.get(usize::from(found)) {
            counter.increment(1);
        }
    }

    /// Tells how much is kept.
    pub(super) fn kept(&self, bytes: u64) {
        #[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other number")]
        self.kept_bytes.set(bytes as f64);
    }

    /// Counts an operation that was run.
    pub(super) fn ran(&self, name: Option<&str>, took: std::time::Duration) {
        name.and_then(|name| self.operations.get(name)).unwrap_or(&self.other_operations).record(took.as_secs_f64());
    }

    /// Tells how it stands with the database.
    pub(super) fn vitals(&self, vitals: &Vitals) {
        let (open, idle) = vitals.connections;
        let [used, unused] = &self.database;
        used.set(open.saturating_sub(idle));
        unused.set(idle);
        #[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other number")]
        self.log_bytes.set(vitals.log.unwrap_or(0) as f64);
        self.keeps.set(f64::from(u8::from(vitals.is_kept)));
        self.erasing.set(f64::from(u8::from(vitals.is_erasing)));
        for (measure, gauge) in &self.closed {
            let count = vitals.closed.iter().find(|(known, _)| known == measure).map_or(0, |(_, count)| *count);
            #[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other number")]
            gauge.set(count as f64);
        }
        self.veiled.absolute(vitals.veiled);
    }

    pub(super) fn connections(&self) -> &Gauge {
        &self.connections
    }

    pub(super) fn turned_away(&self) {
        self.turned_away.increment(1);
        self.refused(code::OVERLOADED);
    }

    /// Counts a connection that was given up for another.
    pub(super) fn gave_up(&self) {
        self.given_up.increment(1);
    }

    /// Counts answers that were cut, as their clients did not take them.
    pub(super) fn cut(&self, answers: usize) {
        self.cut.increment(answers as u64);
    }

    /// Tells how much is held for requests and their answers.
    pub(super) fn waiting(&self, bytes: usize) {
        #[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other number")]
        self.waiting.set(bytes as f64);
    }

    pub(super) fn received(&self) -> Counter {
        self.received.clone()
    }

    pub(super) fn refused(&self, code: &str) {
        let known = self.refusals.iter().find(|(known, _)| *known == code).or(self.refusals.last());
        if let Some((_, counter)) = known {
            counter.increment(1);
        }
    }

    /// Starts to measure a request; what is not finished (a client that left) only leaves the gauge.
    pub(super) fn start(&self, is_graphql: bool) -> Measure<'_> {
        self.in_flight.increment(1.0);
        Measure { meter: self, route: if is_graphql { &self.graphql } else { &self.other }, started: Instant::now() }
    }
}

impl Route {
    fn new(route: &'static str) -> Self {
        let answers = ["2xx", "3xx", "4xx", "5xx"];
        Self {
            answers: answers.map(|class| counter!("silkroutes_http_requests_total", "route" => route, "status" => class)),
            seconds: histogram!("silkroutes_http_request_seconds", "route" => route),
        }
    }
}

fn operation(name: String) -> Histogram {
    histogram!("silkroutes_operation_seconds", "operation" => name)
}

/// One request that is being measured.
pub(super) struct Measure<'a> {
    meter: &'a Meter,
    route: &'a Route,
    started: Instant,
}

impl Measure<'_> {
    /// Counts the answer; returns how long it took.
    pub(super) fn finish(&self, status: StatusCode) -> std::time::Duration {
        let took = self.started.elapsed();
        let class = usize::from(status.as_u16() / 100).clamp(2, 5) - 2;
        if let Some(counter) = self.route.answers.get(class) {
            counter.increment(1);
        }
        self.route.seconds.record(took.as_secs_f64());
        took
    }
}

impl Drop for Measure<'_> {
    fn drop(&mut self) {
        self.meter.in_flight.decrement(1.0);
    }
}

fn describe() {
    describe_counter!("silkroutes_http_requests_total", "Answers, by route and class of status");
    describe_histogram!("silkroutes_http_request_seconds", "Time from a request's head to its answer, by route");
    describe_gauge!("silkroutes_http_requests_in_flight", "Requests that are being answered");
    describe_gauge!("silkroutes_http_connections", "Open connections");
    describe_counter!("silkroutes_http_connections_turned_away_total", "Connections refused because too many were open");
    describe_counter!("silkroutes_http_connections_given_up_total", "Connections that nobody used, given up for others");
    describe_counter!("silkroutes_http_answers_cut_total", "Answers that were cut, as their clients did not take them");
    describe_gauge!("silkroutes_http_waiting_bytes", "Bytes that are held for requests and for answers that wait to be read");
    describe_counter!("silkroutes_http_received_bytes_total", "Bytes read from clients");
    describe_counter!("silkroutes_refusals_total", "Answers with an error, by the code of the first");
    describe_gauge!("silkroutes_snapshot_revision", "Revision of the graph that is served");
    describe_gauge!("silkroutes_snapshot_entries", "Entries of the graph that is served");
    describe_counter!("silkroutes_kept_answers_total", "Looks for an answer that is kept, by what came of them");
    describe_gauge!("silkroutes_kept_answers_bytes", "Bytes of the answers that are kept");
    describe_histogram!("silkroutes_operation_seconds", "Time to run an operation, by its name where a trusted document has it");
    describe_gauge!("silkroutes_database_connections", "Connections for reading, by whether they are in use");
    describe_gauge!("silkroutes_database_log_bytes", "Bytes of SQLite's log ahead of the file; 0 for PostgreSQL");
    describe_gauge!("silkroutes_closed_figures", "Small figures that are held back, of measures that were asked for at this revision");
    describe_counter!("silkroutes_closed_figures_taken_out_total", "How often a closed figure was taken out of what was read");
    describe_gauge!("silkroutes_build_info", "Always 1; the label tells the version");
}
