//! Who asks: keys, and what is answered to a bad one.

use silkroutes::domain::viewer::Role;

use crate::app::{Reply, TestApp};

/// A refusal for want of good credentials; its body without the one thing that may differ.
fn refused(reply: Reply) -> String {
    let reply = reply.refused(401, "UNAUTHENTICATED");
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    let id = reply.header("x-request-id").expect("an id").to_owned();
    reply.text().replace(&id, "")
}

#[test]
fn a_key_is_good_at_once_and_no_more_when_it_is_revoked() {
    let app = TestApp::with(|_| {});
    let key = app.key("UZB", Role::FocalPoint, "desk");
    assert_eq!(app.query_as(&key, "{ state(iso3: \"UZB\") { iso3 } }")["data"]["state"]["iso3"], "UZB");
    app.revoke(&key);
    let ended = (0..40).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(25));
        app.get_as(&key, "{ __typename }").status == 401
    });
    assert!(ended, "a second after it was revoked");
    refused(app.get_as(&key, "{ __typename }"));
}
