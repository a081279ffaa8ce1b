//! Access tokens of an identity provider: a pretended one on this machine, tokens signed by keys made here, and every
//! way in which a token can be bad.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use silkroutes::config::Settings;

use super::refused;
use crate::app::{TestApp, query_path};

/// The time of [`TestApp`].
const NOW: i64 = 1_760_000_000;
const AUDIENCE: &str = "https://silkroutes.example";

/// A key of a provider.
struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
    /// As the provider publishes it.
    public: Value,
}

impl Signer {
    fn elliptic(id: &'static str) -> Self {
        let secret = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secret.as_ref()).expect("a key");
        let point = pair.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..65]].map(|half| BASE64URL_NOPAD.encode(half));
        let public = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": x, "y": y });
        Self { id, algorithm: Algorithm::ES256, key: EncodingKey::from_ec_der(secret.as_ref()), public }
    }

    fn rsa(id: &'static str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let wrapped: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().expect("bytes");
        let public = pair.public_key();
        let number = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let (n, e) = (number(public.modulus().big_endian_without_leading_zero()), number(public.exponent().big_endian_without_leading_zero()));
        // PKCS #8 is 26 bytes around the PKCS #1 that is wanted, at this size.
        let key = EncodingKey::from_rsa_der(&wrapped.as_ref()[26..]);
        Self { id, algorithm: Algorithm::RS256, key, public: json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": n, "e": e }) }
    }

    fn header(&self) -> Header {
        Header { kid: Some(self.id.into()), ..Header::new(self.algorithm) }
    }

    fn sign(&self, claims: &Value) -> String {
        encode(&self.header(), claims, &self.key).expect("a token")
    }
}

/// What the provider publishes, whether it answers, and how often it was asked for its keys.
struct State {
    keys: Vec<Value>,
    is_up: bool,
    asked: usize,
}

struct Provider {
    issuer: String,
    state: Arc<Mutex<State>>,
}

impl Provider {
    fn start(keys: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State { keys, is_up: true, asked: 0 }));
        let provider = Self { issuer: issuer.clone(), state: Arc::clone(&state) };
        std::thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                let mut head = Vec::new();
                let mut space = [0; 1024];
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    match socket.read(&mut space) {
                        Ok(count @ 1..) => head.extend_from_slice(&space[..count]),
                        _ => break,
                    }
                }
                let mut state = state.lock().expect("unharmed");
                let body = if String::from_utf8_lossy(&head).contains("openid-configuration") {
                    json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/keys") })
                } else {
                    state.asked += 1;
                    json!({ "keys": state.keys })
                };
                let status = if state.is_up { "200 OK" } else { "503 Service Unavailable" };
                let body = body.to_string();
                let _ = write!(socket, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            }
        });
        provider
    }

    fn with(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().expect("unharmed"));
    }

    fn asked(&self) -> usize {
        self.state.lock().expect("unharmed").asked
    }

    /// A server that takes this provider's tokens.
    fn app(&self, change: impl FnOnce(&mut Settings)) -> TestApp {
        TestApp::with(|settings| {
            let oidc = &mut settings.auth.oidc;
            oidc.issuer.clone_from(&self.issuer);
            oidc.audience = AUDIENCE.into();
            oidc.jwks_url = format!("{}/keys", self.issuer);
            oidc.retry_time = "0s".parse().expect("a time");
            change(settings);
        })
    }

    fn claims(&self) -> Value {
        json!({ "iss": self.issuer, "sub": "office-17", "aud": AUDIENCE, "exp": NOW + 600, "nbf": NOW - 5, "iat": NOW, "party": "UZB", "role": "focal-point" })
    }

    /// The usual claims, some of them otherwise; null takes one away.
    #[expect(clippy::needless_pass_by_value, reason = "it is always written where it is passed")]
    fn but(&self, others: Value) -> Value {
        let mut claims = self.claims();
        for (name, value) in others.as_object().expect("an object") {
            if value.is_null() {
                claims.as_object_mut().expect("an object").remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    }
}

fn status(app: &TestApp, token: &str) -> u16 {
    app.get_as(token, "{ __typename }").status
}

#[test]
fn a_good_token_is_a_member_and_needs_no_key_here() {
    let (elliptic, rsa) = (Signer::elliptic("one"), Signer::rsa("two"));
    let provider = Provider::start(vec![elliptic.public.clone(), rsa.public.clone(), json!({ "kty": "strange" }), json!(1)]);
    let app = provider.app(|_| {});
    for signer in [&elliptic, &rsa] {
        let told = app.query_as(&signer.sign(&provider.claims()), "{ viewer { role party { code } expiresAt keys { totalCount } } }");
        let expected = json!({ "role": "FOCAL_POINT", "party": { "code": "UZB" }, "expiresAt": "2025-10-09T09:03:20.000Z", "keys": { "totalCount": 0 } });
        assert_eq!(told["data"]["viewer"], expected, "{told}");
    }
    // Clocks differ a little; an audience may be one of several; a token of another type of office is as good.
    for others in [
        json!({ "exp": NOW - 10 }),
        json!({ "exp": f64::from(1_760_000_100_u32) + 0.5 }),
        json!({ "nbf": NOW + 10 }),
        json!({ "nbf": null }),
        json!({ "aud": ["another", AUDIENCE] }),
        json!({ "party": "ICMPD", "role": ["staff", "secretariat"] }),
    ] {
        assert_eq!(status(&app, &elliptic.sign(&provider.but(others.clone()))), 200, "{others}");
    }
    assert_eq!(provider.asked(), 1, "keys that are known are not asked for again");
}

#[test]
fn every_bad_token_is_refused_like_every_bad_key() {
    let (signer, other, secret) = (Signer::elliptic("one"), Signer::elliptic("other"), Signer::elliptic("sealing"));
    let rsa = Signer::rsa("rsa");
    let mut sealing = secret.public.clone();
    sealing["use"] = json!("enc");
    let symmetric = json!({ "kty": "oct", "kid": "shared", "alg": "HS256", "k": BASE64URL_NOPAD.encode(b"a shared secret of 32 bytes here") });
    let provider = Provider::start(vec![signer.public.clone(), rsa.public.clone(), sealing, symmetric]);
    let app = provider.app(|_| {});
    let good = signer.sign(&provider.claims());
    assert_eq!(status(&app, &good), 200);

    let mut bad: Vec<(String, String)> = Vec::new();
    for others in [
        json!({ "iss": "https://another.example" }),
        json!({ "iss": [provider.issuer] }),
        json!({ "iss": null }),
        json!({ "aud": "https://another.example" }),
        json!({ "aud": ["a", "b"] }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "exp": NOW - 31 }),
        json!({ "exp": (NOW + 600).to_string() }),
        json!({ "exp": true }),
        json!({ "exp": 1e300 }),
        json!({ "exp": -1 }),
        json!({ "exp": null }),
        json!({ "nbf": NOW + 31 }),
        json!({ "nbf": (NOW - 5).to_string() }),
        json!({ "nbf": "soon" }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": 17 }),
        json!({ "party": "XXX" }),
        json!({ "party": "uzb" }),
        json!({ "party": ["UZB"] }),
        json!({ "party": null }),
        json!({ "role": "reader" }),
        json!({ "role": "admin" }),
        json!({ "role": ["focal-point", "secretariat"] }),
        json!({ "role": [] }),
        json!({ "role": null }),
        json!({ "padding": "x".repeat(9_000) }),
    ] {
        let name: String = others.to_string().chars().take(60).collect();
        bad.push((name, signer.sign(&provider.but(others))));
    }
    let claims = provider.claims();
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let unsigned = |algorithm: &str| format!("{}.{}.", part(&json!({ "alg": algorithm, "typ": "JWT", "kid": "one" })), part(&claims));
    let mut named = |name: &str, token: String| bad.push((name.to_owned(), token));
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        named(algorithm, unsigned(algorithm));
    }
    let hs = |kid: &str, secret: &[u8]| {
        encode(&Header { kid: Some(kid.into()), ..Header::new(Algorithm::HS256) }, &claims, &EncodingKey::from_secret(secret)).expect("a token")
    };
    named("the public key as a shared secret", hs("one", signer.public["x"].as_str().expect("text").as_bytes()));
    named("the public key's text as a shared secret", hs("one", signer.public.to_string().as_bytes()));
    named("RSA's modulus as a shared secret", hs("rsa", &BASE64URL_NOPAD.decode(rsa.public["n"].as_str().expect("text").as_bytes()).expect("bytes")));
    named("a shared secret that is published", hs("shared", b"a shared secret of 32 bytes here"));
    let headed = |header: Header, by: &Signer| encode(&header, &claims, &by.key).expect("a token");
    named("signed by another", headed(signer.header(), &other));
    named("an unknown key", other.sign(&claims));
    named("no key named, where there are several", headed(Header { kid: None, ..signer.header() }, &signer));
    named("a key that is for sealing", secret.sign(&claims));
    named("a key for another algorithm", headed(Header { alg: Algorithm::RS512, ..rsa.header() }, &rsa));
    named("the key of another algorithm", headed(Header { kid: Some("rsa".into()), ..signer.header() }, &signer));
    named("another sort of token", headed(Header { typ: Some("logout+jwt".into()), ..signer.header() }, &signer));
    named("something critical", headed(Header { crit: Some(vec!["b64".into()]), ..signer.header() }, &signer));
    named("its own key in its head", headed(Header { kid: None, jku: Some(format!("{}/keys", provider.issuer)), ..signer.header() }, &signer));
    let [head, body, seal] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    named("other claims under an old seal", format!("{head}.{}.{seal}", part(&provider.but(json!({ "party": "PAK" })))));
    named("no seal", format!("{head}.{body}."));
    named("a seal of zeros", format!("{head}.{body}.{}", BASE64URL_NOPAD.encode(&[0; 64])));
    named("two parts", format!("{head}.{body}"));
    named("four parts", format!("{good}.{seal}"));
    named("twice", good.repeat(2));
    named("no claims", signer.sign(&json!([])));
    let doubled = claims.to_string().replacen('{', r#"{"iss":"https://another.example","#, 1);
    named("a claim twice", format!("{head}.{}.{seal}", BASE64URL_NOPAD.encode(doubled.as_bytes())));

    let expected = refused(app.get_as("hunter2", "{ __typename }"));
    for (name, token) in &bad {
        let reply = app.get(&query_path("{ __typename }"), &[("authorization", &format!("Bearer {token}"))]);
        assert_eq!(reply.status, 401, "{name}");
        assert_eq!(refused(reply), expected, "{name}");
    }
    assert_eq!(status(&app, &good), 200);
}

#[test]
fn claims_are_mapped_as_the_settings_say() {
    let signer = Signer::elliptic("one");
    let provider = Provider::start(vec![signer.public.clone()]);
    let app = provider.app(|settings| {
        let oidc = &mut settings.auth.oidc;
        (oidc.party_claim, oidc.role_claim) = ("org".into(), "groups".into());
        oidc.parties = vec!["urn:gov:uz=UZB".into(), "a=b=ICMPD".into()];
        oidc.roles = vec!["desk=focal-point".into(), "review=secretariat".into()];
    });
    let token = |org: &str, groups: Value| signer.sign(&provider.but(json!({ "org": org, "groups": groups })));
    let who = |token: &str| app.query_as(token, "{ viewer { role party { code } } }")["data"]["viewer"].clone();
    assert_eq!(who(&token("urn:gov:uz", json!(["everyone", "desk"]))), json!({ "role": "FOCAL_POINT", "party": { "code": "UZB" } }));
    assert_eq!(who(&token("a=b", json!("review"))), json!({ "role": "SECRETARIAT", "party": { "code": "ICMPD" } }));
    for (org, groups) in [("UZB", json!("desk")), ("urn:gov:uz", json!("focal-point")), ("urn:gov:uz", json!(["desk", "review"])), ("", json!("desk"))] {
        assert_eq!(status(&app, &token(org, groups.clone())), 401, "{org} {groups}");
    }
}

#[test]
fn a_provider_that_is_only_named_is_asked_where_its_keys_are() {
    let signer = Signer::elliptic("one");
    let provider = Provider::start(vec![signer.public.clone()]);
    let app = provider.app(|settings| settings.auth.oidc.jwks_url.clear());
    assert_eq!(status(&app, &signer.sign(&provider.claims())), 200);
    let unnamed = encode(&Header { kid: None, ..signer.header() }, &provider.claims(), &signer.key).expect("a token");
    assert_eq!(status(&app, &unnamed), 200, "a provider with one key need not name it");
}

#[test]
fn a_new_key_is_taken_up_at_once_and_an_old_one_let_go() {
    let (old, new) = (Signer::elliptic("old"), Signer::elliptic("new"));
    let provider = Provider::start(vec![old.public.clone()]);
    let app = provider.app(|_| {});
    assert_eq!((status(&app, &old.sign(&provider.claims())), status(&app, &new.sign(&provider.claims()))), (200, 401));
    provider.with(|state| state.keys = vec![new.public.clone()]);
    assert_eq!((status(&app, &new.sign(&provider.claims())), status(&app, &old.sign(&provider.claims()))), (200, 401));
}

#[test]
fn a_storm_of_unknown_keys_asks_the_provider_once() {
    let (signer, other) = (Signer::elliptic("one"), Signer::elliptic("other"));
    let provider = Provider::start(vec![signer.public.clone()]);
    let app = provider.app(|settings| settings.auth.oidc.retry_time = "1h".parse().expect("a time"));
    assert_eq!(status(&app, &signer.sign(&provider.claims())), 200);
    for n in 0..50 {
        let header = Header { kid: Some(format!("unknown-{n}")), ..other.header() };
        assert_eq!(status(&app, &encode(&header, &provider.claims(), &other.key).expect("a token")), 401);
    }
    assert_eq!(provider.asked(), 1);
    assert_eq!(status(&app, &signer.sign(&provider.claims())), 200);
}

#[test]
fn while_the_provider_is_silent_and_nothing_is_known_all_its_tokens_are_answered_alike() {
    let (signer, forger) = (Signer::elliptic("one"), Signer::elliptic("forger"));
    let provider = Provider::start(vec![signer.public.clone()]);
    provider.with(|state| state.is_up = false);
    let app = provider.app(|settings| settings.auth.oidc.retry_time = "7s".parse().expect("a time"));
    let ask = |token: &str| app.get_as(token, "{ __typename }");
    let good = signer.sign(&provider.claims());
    let [head, _, seal] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let claims = |others: Value| BASE64URL_NOPAD.encode(provider.but(others).to_string().as_bytes());
    let mut told = std::collections::BTreeSet::new();
    for token in [
        good.clone(),
        forger.sign(&provider.claims()),
        signer.sign(&provider.but(json!({ "exp": NOW - 1_000, "aud": "another", "role": "none" }))),
        format!("{head}.{}.{seal}", claims(json!({ "party": "PAK" }))),
        format!("{head}.{}.", claims(json!({}))),
    ] {
        let reply = ask(&token).refused(503, "UNAVAILABLE");
        assert_eq!((reply.header("retry-after"), &reply.json()["errors"][0]["extensions"]["retryable"]), (Some("7"), &json!(true)));
        told.insert(reply.text().replace(reply.header("x-request-id").expect("an id"), ""));
    }
    assert_eq!(told.len(), 1, "good or bad, they are answered alike: {told:?}");
    // What is bad whatever the provider may say is told so.
    for token in [
        signer.sign(&provider.but(json!({ "iss": "https://another.example" }))),
        encode(&Header::new(Algorithm::HS256), &provider.claims(), &EncodingKey::from_secret(b"secret")).expect("a token"),
        format!("{good}.more"),
        "hunter2".into(),
    ] {
        refused(ask(&token));
    }
    assert_eq!(app.get_as(&app.key("UZB", silkroutes::domain::viewer::Role::FocalPoint, "desk"), "{ __typename }").status, 200, "keys need no provider");
    assert_eq!(app.get(&query_path("{ __typename }"), &[]).status, 200);
}

#[test]
fn while_the_provider_is_silent_known_keys_stay_good_for_their_time() {
    let signer = Signer::elliptic("one");
    let provider = Provider::start(vec![signer.public.clone()]);
    let token = signer.sign(&provider.claims());
    let patient = provider.app(|settings| settings.auth.oidc.refresh_time = "1ms".parse().expect("a time"));
    let strict = provider.app(|settings| {
        settings.auth.oidc.refresh_time = "500ms".parse().expect("a time");
        settings.auth.oidc.keep_time = "0s".parse().expect("a time");
    });
    assert_eq!((status(&patient, &token), status(&strict, &token)), (200, 200));
    provider.with(|state| state.is_up = false);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!((status(&patient, &token), status(&strict, &token)), (200, 503), "nobody can say that the token is bad");
    assert_eq!(status(&patient, &token), 200, "having tried to read them again in vain");
    assert_eq!(status(&patient, &Signer::elliptic("other").sign(&provider.claims())), 401, "of what is known, another key is none");
    let late = provider.app(|_| {});
    assert_eq!(status(&late, &token), 503, "nothing is known yet");
    provider.with(|state| state.is_up = true);
    assert_eq!((status(&late, &token), status(&strict, &token)), (200, 200));
}
