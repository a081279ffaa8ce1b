//! `silkroutes doctor`: looks at everything that a server needs, and changes nothing.

use comfy_table::{Table, presets};

use silkroutes::app::{embedded_catalogue, named};
use silkroutes::config::Settings;
use silkroutes::domain::key::ApiKey;
use silkroutes::domain::subject;
use silkroutes::graph::Snapshot;
use silkroutes::http::pages;
use silkroutes::store::{Follower, Store};

use super::{Done, say};

/// One thing that was looked at.
struct Check {
    what: &'static str,
    is_sound: bool,
    detail: String,
}

pub(super) async fn run(settings: Settings) -> Done {
    // Settings at fault never get here: they were refused before any command.
    let mut checks = vec![sound("settings", "all known, all fit")];
    checks.push(match embedded_catalogue() {
        Ok(catalogue) => sound("built-in catalogue", format!("{} entries", catalogue.entries.len())),
        Err(faults) => broken("built-in catalogue", format!("{} faults; silkroutes load --check lists them", faults.len())),
    });
    checks.push(sound("pages", if pages::has_graphiql() { "GraphiQL and the console" } else { "the console; GraphiQL was not built" }));
    checks.push(match tokio::net::TcpListener::bind(settings.listen).await {
        Ok(_) => sound("address", format!("{} is free", settings.listen)),
        Err(_) => sound("address", format!("{} is in use, perhaps by a running server", settings.listen)),
    });
    checks.extend(database(&settings).await);

    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for check in &checks {
        table.add_row([check.what, if check.is_sound { "ok" } else { "WRONG" }, &check.detail]);
    }
    say(table.trim_fmt());
    match checks.iter().filter(|check| !check.is_sound).count() {
        0 => Ok(()),
        1 => Err("One thing is wrong.".into()),
        count => Err(format!("{count} things are wrong.")),
    }
}

async fn database(settings: &Settings) -> Vec<Check> {
    let name = settings.database.to_string();
    if !Store::is_there(settings.database.url()).await {
        return vec![sound("database", format!("{name} is not there yet; the first start makes it"))];
    }
    let store = match Store::open(settings.database.url()).await {
        Ok(store) => store,
        Err(fault) => return vec![broken("database", fault.to_string())],
    };
    let mut checks = vec![sound("database", name)];
    match store.check().await {
        Ok(findings) if findings.is_empty() => checks.push(sound("integrity", "nothing is damaged or missing")),
        Ok(findings) => checks.extend(findings.iter().map(|finding| broken("integrity", finding.to_string()))),
        Err(fault) => checks.push(broken("integrity", fault.to_string())),
    }
    match Follower::new(store.clone()).await {
        Ok(follower) => {
            let snapshot = follower.current();
            checks.push(sound("graph", contents(&snapshot)));
            checks.extend(named::unknown(settings, &snapshot).into_iter().map(|unknown| broken("settings", unknown.sentence)));
        }
        Err(fault) => checks.push(broken("graph", fault.to_string())),
    }
    match store.keys(None).await {
        Ok(keys) => checks.push(sound("keys", limits_of(&keys, settings))),
        Err(fault) => checks.push(broken("keys", fault.to_string())),
    }
    store.close().await;
    checks
}

/// What keys of before may not do any more. That is no fault: it is to be known.
fn limits_of(keys: &[ApiKey], settings: &Settings) -> String {
    let live = || keys.iter().filter(|key| key.revoked_at.is_none());
    let ids = |keys: Vec<&ApiKey>| keys.iter().map(|key| key.id.to_string()).collect::<Vec<_>>().join(", ");
    let nameless = ids(live().filter(|key| !subject::has_name(&key.subject)).collect());
    let posing = ids(live().filter(|key| !settings.auth.admits(&key.party, key.role)).collect());
    let mut told = vec![format!("{} that are not revoked", live().count())];
    if !nameless.is_empty() {
        told.push(format!("without a subject, so that they neither submit nor publish: {nameless}"));
    }
    if !posing.is_empty() {
        told.push(format!("of a secretariat that auth.secretariat does not name, so that they are refused: {posing}"));
    }
    told.join("; ")
}

/// What a graph holds. It is not the number of entries: areas are ends of flows without an id, and corridors come from
/// figures.
fn contents(snapshot: &Snapshot) -> String {
    let (all, areas, corridors) = (snapshot.len(), snapshot.areas(), snapshot.corridors());
    format!("revision {}: {} entries with an id, {areas} areas beside them, {corridors} corridors that figures make", snapshot.revision(), all - corridors)
}

fn sound(what: &'static str, detail: impl Into<String>) -> Check {
    Check { what, is_sound: true, detail: detail.into() }
}

fn broken(what: &'static str, detail: impl Into<String>) -> Check {
    Check { what, is_sound: false, detail: detail.into() }
}
