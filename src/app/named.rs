//! Whether settings that name parties and sources name what there is: one that is misspelt guards nothing, and says so
//! to nobody.
//!
//! Parties come with the catalogue, which is there before: one that is unknown is a mistake, and the server does not
//! start. A source may come with figures that are imported later: it is warned of, unless it looks like a slip of one
//! that is there. (Another source that is called nearly alike is imported first, while the server stands still.)

use std::sync::Arc;

use jiff::civil::Date;

use crate::config::Settings;
use crate::domain::suggest::is_slip_of;
use crate::graph::{Snapshot, View, Viewer};

/// A setting that names what there is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Which setting, what it names, and what may be meant.
    pub sentence: String,
    /// Whether a server does not start with it.
    pub is_refused: bool,
}

/// All that settings name and the graph does not hold.
#[must_use]
pub fn unknown(settings: &Settings, snapshot: &Arc<Snapshot>) -> Vec<Unknown> {
    let view = View::new(Arc::clone(snapshot), Viewer::anonymous(), Date::ZERO);
    let mut found = Vec::new();
    for code in &settings.suppress_also {
        found.extend(source(&view, "suppress_also", code));
    }
    for (source_code, owner) in pairs(&settings.source_owners) {
        found.extend(source(&view, "source_owners", source_code));
        found.extend(party(&view, "source_owners", owner, true));
    }
    let is_default = settings.auth.secretariat == crate::http::auth::settings::Settings::default().secretariat;
    for code in &settings.auth.secretariat {
        // A catalogue need not have the organisation that is named where nobody said who it is.
        found.extend(party(&view, "auth.secretariat", code, !is_default));
    }
    for (_, code) in pairs(&settings.auth.oidc.parties) {
        found.extend(party(&view, "auth.oidc.parties", code, true));
    }
    found
}

fn pairs(list: &[String]) -> impl Iterator<Item = (&str, &str)> {
    list.iter().filter_map(|pair| pair.rsplit_once('='))
}

fn party(view: &View, setting: &str, code: &str, is_refused: bool) -> Option<Unknown> {
    let unknown = view.parties_of(&[code.to_owned()]).err()?;
    Some(Unknown { sentence: format!("The setting {setting} names {code}, which is not known. {unknown}"), is_refused })
}

fn source(view: &View, setting: &str, code: &str) -> Option<Unknown> {
    let unknown = view.sources_of(&[code.to_owned()]).err()?;
    let is_refused = view.sources().iter().any(|&ix| is_slip_of(code, &view.source(ix).entry.code));
    let else_ = if is_refused { "If it is another one, import its figures before." } else { "It counts once figures of it are imported." };
    Some(Unknown { sentence: format!("The setting {setting} names {code}, which is not known. {unknown} {else_}"), is_refused })
}
