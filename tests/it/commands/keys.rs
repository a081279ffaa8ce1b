//! `silkroutes key`: what it prints, where, and that no key is ever in a log.

use super::*;
use crate::app::request;

fn database(folder: &Path) {
    assert!(run(folder, &["load"]).status.success());
}

fn create(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = run(folder, &[&["key", "create"], arguments].concat());
    assert!(output.status.success(), "{}", err(&output));
    (out(&output), err(&output))
}

#[test]
fn a_new_key_stands_alone_on_standard_output() {
    let folder = Place::new();
    database(folder.path());
    let (printed, told) = create(folder.path(), &["--party", "UZB", "--role", "focal-point", "--expires", "90d", "--subject", "Desk 4", "--note", "for tests"]);
    let key = printed.strip_suffix('\n').expect("one line");
    assert!(key.starts_with("srk_") && key.len() == 81 && !key.contains(char::is_whitespace), "{key}");
    let id = &key[4..20];
    assert!(told.contains(id) && told.contains("UZB") && told.contains("focal-point") && told.contains("Desk 4") && !told.contains(&key[21..]), "{told}");

    let (other, _) = create(folder.path(), &["--party", "ICMPD", "--role", "secretariat", "--subject", "Review 1"]);
    let listed = run(folder.path(), &["key", "list"]);
    let text = out(&listed);
    assert_eq!(text.lines().count(), 3, "{text}");
    for expected in [id, "UZB", "focal-point", "Desk 4", "for tests", "ICMPD", "secretariat", "Review 1", &other[4..20]] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains(&key[21..60]) && !text.contains(&other[21..60]));
    let text = out(&run(folder.path(), &["key", "list", "--party", "UZB"]));
    assert!(text.contains(id) && !text.contains("ICMPD"), "{text}");

    assert!(out(&run(folder.path(), &["key", "revoke", id])).contains("good no more"));
    assert!(out(&run(folder.path(), &["key", "revoke", &format!("srk_{id}")])).contains("already"));
}

#[test]
fn what_cannot_be_a_key_is_refused_in_one_sentence() {
    let folder = Place::new();
    let text = one_sentence(&run(folder.path(), &["key", "create", "--party", "UZB", "--role", "focal-point", "--subject", "Desk 4"]));
    assert!(text.contains("not there yet"), "{text}");
    database(folder.path());
    let wrong = |arguments: &[&str]| one_sentence(&run(folder.path(), arguments));
    let text = wrong(&["key", "create", "--party", "UZBE", "--role", "focal-point", "--subject", "Desk 4"]);
    assert!(text.contains("There is no party with the code 'UZBE'. Did you mean UZB"), "{text}");
    assert!(wrong(&["key", "create", "--party", "UZB", "--role", "focal-point", "--subject", " "]).contains("one line of 1 to 100 characters"));
    for (subject, why) in [("key:x", "cannot begin"), ("De\u{ad}sk 4", "U+00AD"), ("—", "U+2014"), ("-", "a letter or a digit")] {
        let text = wrong(&["key", "create", "--party", "UZB", "--role", "focal-point", "--subject", subject]);
        assert!(text.contains(why), "{text}");
    }
    let text = wrong(&["key", "create", "--party", "UZB", "--role", "secretariat", "--subject", "Desk 4"]);
    assert!(text.contains("UZB is not the secretariat") && text.contains("auth.secretariat") && text.contains("ICMPD"), "{text}");
    let nobody = run(folder.path(), &["key", "create", "--party", "UZB", "--role", "focal-point"]);
    assert!(nobody.status.code() == Some(2) && err(&nobody).contains("--subject"), "{}", err(&nobody));
    assert!(wrong(&["key", "revoke", "aaaaaaaaaaaaaaaa"]).contains("There is no key"));
    let slip = wrong(&["key", "revoke", "srk_whatever-secret-this-is"]);
    assert!(slip.contains("no id of a key") && !slip.contains("whatever"), "{slip}");
    for arguments in [["--expires", "0d"], ["--expires", "3y"], ["--role", "reader"]] {
        let output = run(folder.path(), &[&["key", "create", "--party", "UZB", "--role", "focal-point", "--subject", "Desk 4"], arguments.as_slice()].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(err(&run(folder.path(), &["key", "list"])).trim(), "There are no keys.");
}

#[test]
fn no_key_is_ever_in_a_log_and_its_last_use_is_noted() {
    let folder = Place::new();
    database(folder.path());
    let key = create(folder.path(), &["--party", "UZB", "--role", "focal-point", "--subject", "desk"]).0.trim().to_owned();
    let wrong = format!("srk_{}_{}", &key[4..20], "canary".repeat(10));
    let token = "eyJhbGciOiJSUzI1NiJ9.Y2FuYXJ5LWluLWEtdG9rZW4.Y2FuYXJ5";
    let log = folder.path().join("log");
    let mut command = silkroutes(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--log-level", "trace", "--log", "json"]);
    command.stdout(Stdio::piped()).stderr(fs::File::create(&log).expect("a file"));
    let mut child = command.spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let first = lines.next().and_then(Result::ok).expect("a line");
    let address = first.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address").to_owned();
    for (credential, status) in [(key.as_str(), "200"), (&wrong, "401"), (token, "401"), (&key, "200")] {
        let bearer = format!("Bearer {credential}");
        let bytes = request(
            "POST",
            "/graphql",
            &[("authorization", &bearer), ("content-type", "application/json"), ("connection", "close")],
            br#"{"query":"{ viewer { role } }"}"#,
        );
        let mut socket = std::net::TcpStream::connect(&address).expect("it listens");
        std::io::Write::write_all(&mut socket, &bytes).expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        assert_eq!(answer.split(' ').nth(1), Some(status), "{answer}");
    }
    assert!(Command::new("kill").arg(child.id().to_string()).status().expect("kill").success());
    assert!(child.wait().expect("it ends").success());
    let log = fs::read_to_string(&log).expect("a log");
    assert!(log.contains("DEBUG") && log.contains("answered"), "all is logged that ever is");
    for secret in [&key[21..], &key[21..50], "canary", "Y2FuYXJ5"] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
    let listed = out(&run(folder.path(), &["key", "list"]));
    let row = listed.lines().nth(1).expect("a row");
    let dashes = row.split_whitespace().filter(|word| *word == "-").count();
    assert_eq!(dashes, 2, "neither revoked nor noted of, but used: {row}");
}
