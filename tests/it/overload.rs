//! More than can be done: some is refused at once, the rest is answered, and who looks after the server gets through.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::app::TestApp;

/// Takes a while, and is never the same question twice.
fn heavy(n: usize) -> serde_json::Value {
    json!({ "query": format!("{{ n{n}: workingGroups(first: 20) {{ nodes {{ code members(first: 100) {{ nodes {{ code name goodPractices(first: 5) {{ nodes {{ title activities(first: 10) {{ nodes {{ reference title }} }} }} }} }} }} }} }} }}") })
}

#[test]
fn what_cannot_be_run_soon_is_refused_at_once_and_the_rest_is_answered() {
    let app = TestApp::with(|settings| {
        settings.http.executions = 1;
        settings.http.queue = 3;
    });
    let (answered, refused, rounds) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    // How many come together is the machine's business, so it is tried until some did.
    while refused.load(Ordering::Relaxed) == 0 && rounds.fetch_add(1, Ordering::Relaxed) < 20 {
        std::thread::scope(|scope| {
            for n in 0..40 {
                let (app, answered, refused, rounds) = (&app, &answered, &refused, &rounds);
                scope.spawn(move || {
                    let reply = app.post(&heavy(1000 * rounds.load(Ordering::Relaxed) + n));
                    if reply.status == 200 {
                        assert!(reply.json().get("errors").is_none(), "{}", reply.text());
                        answered.fetch_add(1, Ordering::Relaxed);
                    } else {
                        let reply = reply.refused(503, "OVERLOADED");
                        assert_eq!((reply.header("retry-after"), &reply.json()["errors"][0]["extensions"]["retryable"]), (Some("1"), &json!(true)));
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            for path in ["/health/live", "/health/ready", "/metrics"] {
                assert_eq!(app.get(path, &[]).status, 200, "{path}");
            }
        });
    }
    assert!(refused.load(Ordering::Relaxed) > 0, "forty at once are more than four");
    assert!(answered.load(Ordering::Relaxed) >= 4, "those who were in time are answered");
    assert_eq!(app.post(&heavy(999_999)).status, 200, "and then all is well again");
}

#[test]
fn whoever_is_refused_has_his_points_back() {
    let app = TestApp::with(|settings| {
        settings.http.queue = 0;
        settings.http.rate_points_anonymous = 1_000;
        settings.http.rate_time = "1h".parse().expect("a time");
    });
    for n in 0..20 {
        let reply = app
            .post(&json!({ "query": format!("{{ n{n}: figures(measure: REFUGEES, groupBy: [YEAR]) {{ nodes {{ value }} }} }}") }))
            .refused(503, "OVERLOADED");
        let left: u64 = reply.header("ratelimit-remaining").and_then(|left| left.parse().ok()).expect("told");
        assert!(left >= 1_000 - 2 * (n + 1), "a refusal takes a point, and no more: {left}");
    }
}
