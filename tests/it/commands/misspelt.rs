//! Settings that name sources and parties which are not there: refused at the start, or warned of, and told by the doctor.

use super::*;
use silkroutes::app::embedded_catalogue;
use silkroutes::domain::entry::{Entry, Kind};

/// Each setting, what is wrong in it, and whether a server starts nevertheless.
const WRONG: [(&str, &str, bool); 10] = [
    ("suppress_also=UNHCR-RSP", "UNHCR-RSP", false),
    ("suppress_also=unhcr-rps", "unhcr-rps", false),
    ("suppress_also=SOMETHING-ELSE", "SOMETHING-ELSE", true),
    ("source_owners=SOMETHING-ELSE=UZB", "SOMETHING-ELSE", true),
    ("source_owners=UNHCR-RPP=UZB", "UNHCR-RPP", false),
    ("source_owners=UNHCR-RPS=XQX", "XQX", false),
    ("source_owners=UNHCR-RPS=uzb", "uzb", false),
    ("auth.secretariat=ICMDP", "ICMDP", false),
    ("auth.secretariat=XQX", "XQX", false),
    ("auth.oidc.parties=ministry=UZZ", "UZZ", false),
];

#[test]
fn what_settings_name_must_be_there_or_is_told() {
    let folder = Place::new();
    assert!(run(folder.path(), &["load"]).status.success());
    for (setting, word, starts) in WRONG {
        let doctor = run(folder.path(), &["doctor", "--set", setting]);
        let told = out(&doctor);
        assert!(doctor.status.code() == Some(1) && told.lines().any(|line| line.contains("WRONG") && line.contains(word)), "{setting}: {told}");
        if starts {
            let server = Server::start(&mut silkroutes(folder.path(), &["--listen", "127.0.0.1:0", "--set", setting]));
            let (_, log) = server.terminate();
            assert!(log.lines().any(|line| line.contains("WARN") && line.contains(word)), "{setting}: {log}");
        } else {
            let refused = one_sentence_of(&run(folder.path(), &["--listen", "127.0.0.1:0", "--set", setting]));
            assert!(refused.contains(word) && refused.contains(setting.split('=').next().expect("a name")), "{setting}: {refused}");
        }
    }
}

/// As it stands behind what was logged before.
fn one_sentence_of(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", err(output));
    err(output).trim_end().lines().last().expect("a line").to_owned()
}

/// A slip of the hand in the code of a source is never taken for another source that may come.
#[test]
fn one_slip_in_the_code_of_a_source_is_refused() {
    let folder = Place::new();
    assert!(run(folder.path(), &["load"]).status.success());
    let catalogue = embedded_catalogue().expect("no faults");
    let codes: Vec<String> = catalogue.entries.iter().filter(|entry| entry.kind() == Kind::Source).map(Entry::code).filter(|code| code.len() > 7).collect();
    assert!(!codes.is_empty());
    for (n, code) in codes.iter().enumerate() {
        let at = 1 + n % (code.len() - 2);
        let (head, tail) = code.split_at(at);
        let (gone, doubled, swapped) =
            (format!("{head}{}", &tail[1..]), format!("{head}Q{tail}"), format!("{head}{}{}{}", &tail[1..2], &tail[..1], &tail[2..]));
        for slip in [gone, doubled, swapped].into_iter().filter(|slip| !codes.contains(slip)) {
            let told = out(&run(folder.path(), &["doctor", "--set", &format!("suppress_also={slip}")]));
            assert!(told.lines().any(|line| line.contains(&slip) && line.contains("import its figures before")), "{told}");
        }
    }
}
