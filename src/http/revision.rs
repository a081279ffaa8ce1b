//! Many nodes, one graph: a request says which revision it must see; a node that hears nothing of the database says no
//! to those who see more than everyone.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use std::time::Duration;

use crate::graph::Viewer;

use super::Shared;
use super::refusal::{Refusal, code};

/// What a write answers: the revision that it made.
pub(super) const REVISION: HeaderName = HeaderName::from_static("revision");
/// What a request may ask: that or a later one.
const AT_LEAST: HeaderName = HeaderName::from_static("at-least-revision");
/// How often it is looked whether the database was heard again.
const AGAIN: Duration = Duration::from_millis(10);

/// Waits until this node knows the revision that a request must see. Only those who write are told revisions, and only
/// they may ask for one: to others the number would tell how much is written that they do not see.
///
/// # Errors
/// Where it does not come, for as long as the settings have patience.
pub(super) async fn reach(shared: &Shared, headers: &HeaderMap, viewer: &Viewer) -> Result<(), Refusal> {
    let Some(revision) = wanted(headers)? else { return Ok(()) };
    if viewer.member().is_none() {
        return Err(Refusal::bad_request("at-least-revision is for those who write: send it with your key or token, or leave it out."));
    }
    let patience = shared.settings.revision_time;
    if shared.follower.reach(revision, patience.0).await.is_none() {
        let message = format!("This node does not know revision {revision} after {patience}: try again, or ask without at-least-revision.");
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::BEHIND, message));
    }
    Ok(())
}

/// Whether this node may say who is who.
///
/// # Errors
/// Where it has not heard from its database, for as long as the settings have patience.
pub(super) async fn may_answer(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    // What is public may be a little old; who is who, and what is shared with whom, may not.
    if headers.contains_key(AUTHORIZATION) && !hears(shared).await {
        let message = "This server does not hear from its database and answers nobody who sends credentials until it does; what is public can be read without.";
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, message));
    }
    Ok(())
}

/// Whether a request asks for a revision, well or not.
pub(super) fn is_asked(headers: &HeaderMap) -> bool {
    headers.contains_key(AT_LEAST)
}

/// The revision that a request must see.
pub(super) fn wanted(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let mut lines = headers.get_all(AT_LEAST).iter();
    let (Some(line), second) = (lines.next(), lines.next()) else { return Ok(None) };
    let text = line.to_str().unwrap_or_default().trim();
    let is_number = second.is_none() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten();
    number.map(Some).ok_or_else(|| Refusal::bad_request("at-least-revision takes one whole number: the `revision` that a write was answered with."))
}

/// Whether graph and keys are as the database had them a moment ago. A node that was busy has a moment to look.
pub(super) async fn hears(shared: &Shared) -> bool {
    let limit = shared.settings.silence_time.0;
    let (graph, keys) = (&shared.follower, &shared.auth.keys);
    let is_fresh = || graph.silence() <= limit && keys.silence() <= limit;
    if is_fresh() {
        return true;
    }
    let looking = async {
        while !is_fresh() {
            graph.ask();
            keys.ask();
            tokio::time::sleep(AGAIN).await;
        }
    };
    tokio::time::timeout(limit, looking).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_revision_is_one_whole_number() {
        let read = |lines: &[&str]| {
            let lines = lines.iter().map(|line| (AT_LEAST, HeaderValue::from_bytes(line.as_bytes()).unwrap()));
            let mut headers = HeaderMap::new();
            lines.for_each(|(name, value)| _ = headers.append(name, value));
            wanted(&headers)
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["0"]), Ok(Some(0)));
        assert_eq!(read(&[" 18446744073709551615 "]), Ok(Some(u64::MAX)));
        for wrong in [&[""][..], &["x"], &["-1"], &["+1"], &["1.0"], &["18446744073709551616"], &["1", "1"], &["1, 2"], &["é"]] {
            assert_eq!(read(wrong).unwrap_err().code(), code::BAD_REQUEST, "{wrong:?}");
        }
    }
}
