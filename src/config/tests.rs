//! Settings from each place, and what is refused.

use std::path::Path;

use super::*;
use crate::domain::figure::Measure;

fn sources(file: Option<&Path>, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Sources {
    let own = |pair: &(&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
    Sources {
        file: file.map(Path::to_owned),
        environment: environment.iter().map(own).collect(),
        flags: flags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned(), "--set")).collect(),
    }
}

fn faults(environment: &[(&str, &str)], flags: &[(&str, &str)]) -> String {
    read(sources(None, environment, flags)).expect_err("accepted").to_string()
}

#[test]
fn every_setting_has_a_sentence() {
    let config = read(Sources::default()).unwrap();
    assert_eq!(config.settings, Settings::default());
    let silent: Vec<_> = config.rows().filter(|row| row.sentence.is_empty()).map(|row| row.name.to_owned()).collect();
    assert!(silent.is_empty(), "config/sentence.rs says nothing of {silent:?}");
    assert!(config.rows().all(|row| *row.origin == Origin::Default));
}

#[test]
fn the_table_in_the_documents_is_the_one_there_is() {
    let written = include_str!("../../docs/OPERATING.md");
    let written = written.split("<!-- settings -->\n").nth(1).expect("the table stands between two marks");
    let table = table::table(&read(Sources::default()).unwrap());
    assert_eq!(written.trim(), table.trim(), "put the output of `silkroutes config --markdown` there");
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("silkroutes.toml");
    std::fs::write(&file, "listen = \"127.0.0.1:1\"\n[http]\nbody_bytes = 1\nuri_bytes = 1\nheader_count = 1\n").unwrap();
    let environment = [("SILKROUTES_HTTP_BODY_BYTES", "2"), ("SILKROUTES_HTTP_URI_BYTES", "2"), ("SILKROUTES_UI", "require"), ("PATH", "/bin")];
    let config = read(sources(Some(&file), &environment, &[("http.body_bytes", "3")])).unwrap();
    let http = &config.settings.http;
    assert_eq!((http.body_bytes, http.uri_bytes, http.header_count), (3, 2, 1));
    assert_eq!(config.settings.listen.port(), 1);
    let origin = |name: &str| config.rows().find(|row| row.name == name).map(|row| row.origin.to_string()).unwrap();
    assert_eq!(origin("http.body_bytes"), "--set");
    assert_eq!(origin("http.uri_bytes"), "SILKROUTES_HTTP_URI_BYTES");
    assert_eq!(origin("http.header_count"), file.display().to_string());
    assert_eq!(origin("log.level"), "default");
}

#[test]
fn the_environment_can_name_the_file_and_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.toml");
    std::fs::write(&file, "[log]\nformat = \"json\"\n").unwrap();
    let path = file.display().to_string();
    let config = read(sources(None, &[("SILKROUTES_CONFIG", &path), ("DATABASE_URL", "sqlite://a.db")], &[])).unwrap();
    assert_eq!(config.settings.log.format, LogFormat::Json);
    assert_eq!(config.settings.database.url(), "sqlite://a.db");
    let both = [("SILKROUTES_DATABASE", "sqlite://b.db"), ("DATABASE_URL", "sqlite://a.db")];
    assert_eq!(read(sources(None, &both, &[])).unwrap().settings.database.url(), "sqlite://b.db");
}

#[test]
fn what_is_no_setting_is_refused_with_a_near_name() {
    assert!(faults(&[("SILKROUTES_LISTN", "x")], &[]).contains("SILKROUTES_LISTN is no setting. Did you mean SILKROUTES_LISTEN"));
    assert!(faults(&[], &[("http.body_byte", "1")]).contains("There is no setting http.body_byte from --set. Did you mean http.body_bytes"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.toml");
    std::fs::write(&file, "lissten = 1\n[http.body_bytes]\nx = 1\n[htp]\nx = 1\n").unwrap();
    let text = read(sources(Some(&file), &[], &[])).expect_err("accepted").to_string();
    assert!(text.contains("no setting lissten in ") && text.contains("Did you mean listen"), "{text}");
    assert!(text.contains("http.body_bytes cannot be") && text.contains("no setting htp.x"), "{text}");
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn a_value_that_does_not_fit_is_named_with_its_place_and_what_would_be_right() {
    for (name, value, right) in [
        ("listen", "8080", "an address and a port"),
        ("http.body_bytes", "64k", "a whole number"),
        ("http.body_bytes", "-1", "a whole number"),
        ("http.streams", "99999999999", "too large"),
        ("http.idle_time", "60", "as in 250ms or 5s"),
        ("http.header_count", "101", "at most 100"),
        ("http.cors_origins", "https://a.example/path", "without a path"),
        ("log.format", "xml", "`text` or `json`"),
        ("suggestions", "yes", "true or false"),
    ] {
        let text = faults(&[], &[(name, value)]);
        assert!(text.contains(&format!("The setting {name} cannot be {value} (from --set)")), "{text}");
        assert!(text.contains(right) && text.contains("the default is "), "{text}");
    }
}

#[test]
fn lists_are_written_with_commas() {
    let config = read(sources(None, &[("SILKROUTES_HTTP_CORS_ORIGINS", "https://a.example, http://localhost:3000")], &[])).unwrap();
    assert_eq!(config.settings.http.cors_origins, ["https://a.example", "http://localhost:3000"]);
}

#[test]
fn an_identity_provider_is_named_by_a_table_within_a_table_or_by_variables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.toml");
    std::fs::write(&file, "[auth.oidc]\nissuer = \"https://id.example\"\nparties = [\"uz=UZB\", \"a=b=TUR\"]\n").unwrap();
    let environment = [("SILKROUTES_AUTH_OIDC_AUDIENCE", "us"), ("SILKROUTES_AUTH_OIDC_ROLES", "desk=focal-point,review=secretariat")];
    let oidc = read(sources(Some(&file), &environment, &[("auth.oidc.leeway", "5s")])).unwrap().settings.auth.oidc;
    assert_eq!((oidc.issuer.as_str(), oidc.audience.as_str(), oidc.leeway.to_string().as_str()), ("https://id.example", "us", "5s"));
    assert_eq!((oidc.parties, oidc.roles), (vec!["uz=UZB".into(), "a=b=TUR".into()], vec!["desk=focal-point".into(), "review=secretariat".into()]));
    for (name, value, right) in [
        ("auth.oidc.issuer", "http://id.example", "must begin with https://"),
        ("auth.oidc.parties", "UZB", "pairs"),
        ("auth.oidc.roles", "desk=reader", "pairs"),
        ("auth.oidc.isuer", "x", "Did you mean auth.oidc.issuer"),
        ("auth.key_secret", "short", "16 characters"),
        ("http.rate_points", "0", "between 1 and"),
        ("http.rate_time", "10ms", "1s or more"),
        ("http.client_header", "X Forwarded", "name of a header"),
    ] {
        let text = faults(&[], &[(name, value)]);
        assert!(text.contains(right), "{text}");
    }
    assert!(faults(&[], &[("auth.oidc.issuer", "https://id.example")]).contains("auth.oidc.audience is wanted"));
}

#[test]
fn a_threshold_is_set_for_a_measure_in_each_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.toml");
    std::fs::write(&file, "source_owners = [\"UZSTAT=UZB\"]\n[suppress_below]\nASYLUM_APPLICATIONS = 5\n").unwrap();
    let environment = [("SILKROUTES_SUPPRESS_BELOW_DETECTIONS", "7"), ("SILKROUTES_SUPPRESS_ALSO", "UNHCR-RPS")];
    let settings = read(sources(Some(&file), &environment, &[("suppress_below.IDPS", "3")])).unwrap().settings;
    let below = |measure| settings.suppression().threshold(measure);
    assert_eq!([Measure::AsylumApplications, Measure::Detections, Measure::Idps, Measure::Refugees].map(below), [Some(5.0), Some(7.0), Some(3.0), None]);
    assert!(settings.suppression().guards("UNHCR-RPS") && !read(Sources::default()).unwrap().settings.suppression().is_on());
    for (name, value, right) in [
        ("suppress_below.DETECTIONS", "2", "3 or more"),
        ("suppress_below.DETECTIONS", "few", "a whole number"),
        ("suppress_below.DETECTION", "5", "Did you mean suppress_below.DETECTIONS"),
        ("suppress_below.REMITTANCES_PAID_USD", "5", "no setting"),
        ("source_owners", "UZSTAT", "pairs"),
    ] {
        let text = faults(&[], &[(name, value)]);
        assert!(text.contains(right), "{text}");
    }
}

#[test]
fn a_secret_is_never_shown() {
    let secret = "sixteen letters and more";
    let config = read(sources(None, &[("SILKROUTES_AUTH_KEY_SECRET", secret)], &[])).unwrap();
    let shown: String = config.rows().map(|row| row.value).collect();
    assert!(!shown.contains("sixteen") && !format!("{:?}", config.settings).contains("sixteen"));
    assert_eq!(config.settings.auth.key_secret.reveal(), secret);
    assert!(!faults(&[("SILKROUTES_AUTH_KEY_SECRET", "toosecret")], &[]).contains("toosecret"));
}

#[test]
fn a_password_is_never_shown() {
    let url = "postgres://me:s3cret@host/db?password=s3cret";
    let config = read(sources(None, &[("DATABASE_URL", url)], &[])).unwrap();
    let shown: String = config.rows().map(|row| row.value).collect();
    assert!(shown.contains("postgres://me:…@host/db") && !shown.contains("s3cret"));
    assert!(!format!("{:?}", config.settings).contains("s3cret"));
    assert_eq!(config.settings.database.url(), url);
}
