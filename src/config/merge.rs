//! Puts the settings together from their four places, and names every fault with its place.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::domain::suggest::did_you_mean;
use crate::domain::suppression::LEAST_THRESHOLD;

use super::{Origin, Settings, sentence::sentence, without_password};
use crate::http::auth::role_of;
use crate::http::auth::settings::{Secret, is_safe_url};

/// Variables with our prefix that are no settings: where the file is, and what the build is told.
const NO_SETTINGS: [&str; 2] = ["SILKROUTES_CONFIG", "SILKROUTES_UI"];
const PREFIX: &str = "SILKROUTES_";

/// Where settings are looked for.
#[derive(Debug, Default)]
pub struct Sources {
    /// The file of `--config`.
    pub file: Option<PathBuf>,
    /// The whole environment.
    pub environment: Vec<(String, String)>,
    /// Name, value as text, and the flag that gave it; later ones win.
    pub flags: Vec<(String, String, &'static str)>,
}

/// The settings, and where each came from.
#[derive(Debug)]
pub struct Config {
    /// The settings.
    pub settings: Settings,
    values: BTreeMap<String, (Value, Origin)>,
}

/// One row of `silkroutes config`.
#[derive(Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The setting's name.
    pub name: &'a str,
    /// Its value as TOML, without secrets.
    pub value: String,
    /// Where it came from.
    pub origin: &'a Origin,
    /// What it does.
    pub sentence: &'static str,
}

impl Config {
    /// Every setting.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.values.iter().map(|(name, (value, origin))| {
            let value = match value {
                Value::String(_) => Value::String(shown(name, value)).to_string(),
                other => other.to_string(),
            };
            Row { name, value, origin, sentence: sentence(name) }
        })
    }
}

/// Everything that is wrong with the settings, a sentence each.
#[derive(Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Faults {}

/// Reads all settings.
///
/// # Errors
/// All faults at once: unknown names, values that do not fit, a file that cannot be read.
pub fn read(sources: Sources) -> Result<Config, Faults> {
    let mut desk = Desk::new();
    let from_environment = sources.environment.iter().find(|(name, _)| name == "SILKROUTES_CONFIG");
    let file = sources.file.or_else(|| from_environment.map(|(_, path)| PathBuf::from(path)));
    if let Some(file) = file {
        desk.file(&file);
    }
    desk.environment(&sources.environment);
    for (name, text, flag) in &sources.flags {
        desk.text(name, text, &Origin::Flag(flag));
    }
    desk.finish()
}

struct Desk {
    defaults: BTreeMap<String, Value>,
    values: BTreeMap<String, (Value, Origin)>,
    faults: Vec<String>,
}

impl Desk {
    fn new() -> Self {
        let mut defaults = BTreeMap::new();
        // Settings are made of what TOML can say; a test holds that.
        flatten("", Table::try_from(Settings::default()).unwrap_or_default(), &|_| true, &mut |name, value| {
            defaults.insert(name, value);
        });
        let values = defaults.iter().map(|(name, value)| (name.clone(), (value.clone(), Origin::Default))).collect();
        Self { defaults, values, faults: Vec::new() }
    }

    fn file(&mut self, path: &Path) {
        let fail = |fault: &dyn fmt::Display| format!("The file of settings {} cannot be read: {fault}", path.display());
        let table = match std::fs::read_to_string(path) {
            Err(fault) => return self.faults.push(fail(&fault)),
            Ok(text) => match text.parse::<Table>() {
                Err(fault) => return self.faults.push(fail(&fault.to_string().trim_end())),
                Ok(table) => table,
            },
        };
        let origin = Origin::File(path.to_owned());
        let mut found = Vec::new();
        flatten("", table, &|name| !self.defaults.contains_key(name), &mut |name, value| found.push((name, value)));
        for (name, value) in found {
            self.set(&name, value, &origin);
        }
    }

    fn environment(&mut self, environment: &[(String, String)]) {
        let find = |wanted: &str| environment.iter().find(|(name, _)| name == wanted);
        // Many tools share this one, so it counts less than our own.
        if let Some((name, url)) = find("DATABASE_URL") {
            self.text("database", url, &Origin::Variable(name.clone()));
        }
        for (name, text) in environment.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            if NO_SETTINGS.contains(&name.as_str()) {
                continue;
            }
            let known = self.defaults.keys().find(|key| variable(key) == *name).cloned();
            if let Some(key) = known {
                self.text(&key, text, &Origin::Variable(name.clone()));
            } else {
                let names: Vec<_> = self.defaults.keys().map(|key| variable(key)).collect();
                let near = did_you_mean(name, names.iter().map(String::as_str));
                self.faults.push(format!("The environment's {name} is no setting.{near}"));
            }
        }
    }

    /// A value as text, from where there are no types.
    fn text(&mut self, name: &str, text: &str, origin: &Origin) {
        let Some(default) = self.defaults.get(name) else { return self.unknown(name, origin) };
        let value = match default {
            Value::Integer(_) => text.replace('_', "").parse().ok().map(Value::Integer),
            Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
            Value::Array(_) => {
                Some(Value::Array(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| Value::String(part.to_owned())).collect()))
            }
            _ => Some(Value::String(text.to_owned())),
        };
        // What cannot be read keeps its text, and is refused for its kind.
        self.set(name, value.unwrap_or_else(|| Value::String(text.to_owned())), origin);
    }

    fn set(&mut self, name: &str, value: Value, origin: &Origin) {
        let Some(default) = self.defaults.get(name) else { return self.unknown(name, origin) };
        if let Err(wanted) = check(&self.defaults, name, default, &value) {
            let shown = shown(name, &value);
            let default = self::shown(name, default);
            let from = match origin {
                Origin::File(path) => format!("in {}", path.display()),
                other => format!("from {other}"),
            };
            self.faults.push(format!("The setting {name} cannot be {shown} ({from}): {wanted}; the default is {default}."));
            return;
        }
        self.values.insert(name.to_owned(), (value, origin.clone()));
    }

    fn unknown(&mut self, name: &str, origin: &Origin) {
        let near = did_you_mean(name, self.defaults.keys().map(String::as_str));
        let place = match origin {
            Origin::File(path) => format!(" in {}", path.display()),
            other => format!(" from {other}"),
        };
        self.faults.push(format!("There is no setting {name}{place}.{near} `silkroutes config` lists all settings."));
    }

    fn finish(mut self) -> Result<Config, Faults> {
        let table = unflatten(self.values.iter().map(|(name, (value, _))| (name.as_str(), value)));
        match table.try_into::<Settings>() {
            Ok(settings) => {
                self.faults.extend(together(&settings).map(str::to_owned));
                if self.faults.is_empty() {
                    return Ok(Config { settings, values: self.values });
                }
            }
            // Each value was looked at by itself, so this is for what two say together.
            Err(fault) => self.faults.push(format!("The settings do not fit together: {}.", fault.message())),
        }
        Err(Faults(self.faults))
    }
}

/// Whether a value fits its setting; if not, what would be right.
fn check(defaults: &BTreeMap<String, Value>, name: &str, default: &Value, value: &Value) -> Result<(), String> {
    match (default, value) {
        (Value::Integer(_), Value::Integer(0..)) | (Value::Boolean(_), Value::Boolean(_)) | (Value::String(_), Value::String(_)) => {}
        (Value::Array(_), Value::Array(parts)) if parts.iter().all(Value::is_str) => {}
        (Value::Integer(_), _) => return Err("it must be a whole number, 0 or more".into()),
        (Value::Boolean(_), _) => return Err("it must be true or false".into()),
        (Value::Array(_), _) => return Err("it must be a list of texts".into()),
        _ => return Err("it must be a text".into()),
    }
    let values = defaults.iter().map(|(key, default)| (key.as_str(), if key == name { value } else { default }));
    let settings: Settings = unflatten(values).try_into().map_err(|fault: toml::de::Error| plain(fault.message()))?;
    beyond_types(name, &settings).map_or(Ok(()), |wanted| Err(wanted.into()))
}

/// serde's words where they speak of types of ours.
fn plain(message: &str) -> String {
    match message {
        message if message.contains("socket address") => "it must be an address and a port, as 127.0.0.1:8080 or [::]:8080".into(),
        message if message.contains("invalid value: integer") => "the number is too large".into(),
        message => message.into(),
    }
}

/// What settings say together.
fn together(settings: &Settings) -> Option<&'static str> {
    let oidc = &settings.auth.oidc;
    (!oidc.issuer.is_empty() && oidc.audience.is_empty())
        .then_some("The setting auth.oidc.audience is wanted where auth.oidc.issuer is given: tokens for others must not be good here.")
}

/// What a type cannot say of its values.
fn beyond_types(name: &str, settings: &Settings) -> Option<&'static str> {
    let is_origin = |origin: &String| {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        origin == "*" || host.is_some_and(|host| !host.is_empty() && !host.contains(['/', ' ', '?', '#', '*']))
    };
    let wrong = match name {
        "http.header_count" if settings.http.header_count > 100 => "it can be at most 100",
        "http.connections" if !(1..=100_000).contains(&settings.http.connections) => "it must be between 1 and 100000",
        "http.waiting_bytes" | "http.waiting_bytes_each" if settings.http.waiting_bytes.min(settings.http.waiting_bytes_each) < 1 << 20 => {
            "it must be 1048576 or more"
        }
        "http.rate_points" | "http.rate_points_anonymous"
            if !(1..=i32::MAX.cast_unsigned().into()).contains(&settings.http.rate_points.min(settings.http.rate_points_anonymous))
                || settings.http.rate_points.max(settings.http.rate_points_anonymous) > i32::MAX.cast_unsigned().into() =>
        {
            "it must be between 1 and 2147483647"
        }
        "http.rate_time" if settings.http.rate_time < crate::http::settings::Span::seconds(1) => "it must be 1s or more",
        "http.client_header" if !settings.http.client_header.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') => {
            "it must be the name of a header in small letters"
        }
        "http.streams" if settings.http.streams == 0 => "it must be 1 or more",
        "http.header_bytes" | "http.uri_bytes" if settings.http.header_bytes.max(settings.http.uri_bytes) > 1 << 20 => "it can be at most 1048576",
        "graphql.expanded_nesting" if settings.graphql.expanded_nesting > 32 => "it can be at most 32",
        "auth.oidc.issuer" | "auth.oidc.jwks_url"
            if [&settings.auth.oidc.issuer, &settings.auth.oidc.jwks_url].into_iter().any(|url| !url.is_empty() && !is_safe_url(url)) =>
        {
            "it must begin with https:// (http:// only for this machine)"
        }
        "auth.oidc.parties"
            if settings.auth.oidc.parties.iter().any(|pair| pair.rsplit_once('=').is_none_or(|(value, code)| value.is_empty() || code.is_empty())) =>
        {
            "it must list pairs, as ministry-uz=UZB"
        }
        "auth.oidc.roles" if settings.auth.oidc.roles.iter().any(|pair| pair.rsplit_once('=').is_none_or(|(_, role)| role_of(role).is_none())) => {
            "it must list pairs, as reviewers=secretariat or desk=focal-point"
        }
        name if name.starts_with("suppress_below.") && settings.suppress_below.0.values().any(|least| (1..LEAST_THRESHOLD).contains(least)) => {
            "it must be 3 or more, or 0 for off: below 3, a figure that is held back could only be 1"
        }
        "source_owners"
            if settings.source_owners.iter().any(|pair| pair.rsplit_once('=').is_none_or(|(source, party)| source.is_empty() || party.is_empty())) =>
        {
            "it must list pairs, as UZSTAT-ASYLUM=UZB"
        }
        "auth.key_secret" if is_short(&settings.auth.key_secret) => "it must have 16 characters or more",
        "audit.key" if is_short(&settings.audit.key) => "it must have 16 characters or more",
        "audit.former_keys" if settings.audit.former_keys.iter().any(is_short) => "each must have 16 characters or more",
        "http.queue" if settings.http.queue == 0 => "it must be 1 or more",
        "http.exports_each" if settings.http.exports_each == 0 => "it must be 1 or more",
        "http.export_sheet_rows" if settings.http.export_sheet_rows > 1_048_575 => "it can be at most 1048575, as a sheet has so many rows",
        "http.cors_origins" if !settings.http.cors_origins.iter().all(is_origin) => "it must list origins, as https://example.org without a path, or be *",
        _ => return None,
    };
    Some(wrong)
}

/// Whether a secret that is given is too short to be one.
fn is_short(secret: &Secret) -> bool {
    (1..16).contains(&secret.reveal().len())
}

fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::String(url) if matches!(name, "database" | "database_replica") => without_password(url),
        Value::String(text) if matches!(name, "auth.key_secret" | "audit.key") => if text.is_empty() { "" } else { "…" }.to_owned(),
        Value::Array(parts) if name == "audit.former_keys" && !parts.is_empty() => "…".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
            if parts.is_empty() { "none".into() } else { parts.join(",") }
        }
        other => other.to_string(),
    }
}

/// The environment's name for a setting.
fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('.', "_").to_uppercase())
}

/// Each value by its whole name; tables are groups where `is_group` says so.
fn flatten(prefix: &str, table: Table, is_group: &dyn Fn(&str) -> bool, found: &mut dyn FnMut(String, Value)) {
    for (name, value) in table {
        let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) if is_group(&name) => flatten(&name, inner, is_group, found),
            value => found(name, value),
        }
    }
}

fn unflatten<'a>(values: impl Iterator<Item = (&'a str, &'a Value)>) -> Table {
    let mut table = Table::new();
    for (name, value) in values {
        insert(&mut table, name, value);
    }
    table
}

fn insert(table: &mut Table, name: &str, value: &Value) {
    let Some((group, name)) = name.split_once('.') else {
        table.insert(name.to_owned(), value.clone());
        return;
    };
    if let Value::Table(group) = table.entry(group).or_insert_with(|| Value::Table(Table::new())) {
        insert(group, name, value);
    }
}
