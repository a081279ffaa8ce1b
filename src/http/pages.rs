//! The web pages: GraphiQL (if it was built), the plain console, and what both need. Everything is carried in the
//! binary, packed ahead; nothing is asked of another host. What is carried, and in which form, `build.rs` decides.
//!
//! Two content security policies: the console's has no exception; GraphiQL's editor makes styles while it runs, so its
//! page lets in `<style>` elements with the nonce of this answer, and `style` attributes. Scripts only ever from files.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::Read as _;
use std::sync::{LazyLock, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use flate2::read::GzDecoder;

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// A file as the binary carries it: either as it is (`raw`), or packed twice (`br` and `gz`) and `raw` empty.
struct File {
    path: &'static str,
    etag: &'static str,
    raw: &'static [u8],
    br: &'static [u8],
    gz: &'static [u8],
}

/// How the body goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

const CONSOLE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Stands in GraphiQL's built page and in its policy, until an answer puts its nonce there.
const NONCE: &str = "__CSP_NONCE__";

const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-__CSP_NONCE__'; \
     style-src-elem 'self' 'nonce-__CSP_NONCE__'; style-src-attr 'unsafe-inline'; worker-src 'self'; \
     connect-src 'self'; img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

const GRAPHIQL: &str = "graphiql/index.html";
const CONSOLE: &str = "console/index.html";

/// Names of what Vite wrote carry a hash of the content: they may be kept for ever.
const ASSETS: &str = "graphiql/assets/";

/// The routes of all pages, for a router with any state.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(home))
        .route("/graphiql", get(graphiql))
        .route("/graphiql/", get(async || Redirect::permanent("/graphiql")))
        .route("/graphiql/{*path}", get(graphiql_file))
        .route("/console", get(console))
        .route("/console/{file}", get(console_file))
        .route("/examples.json", get(examples_file))
        .route("/THIRD-PARTY.txt", get(third_party))
        .route("/favicon.svg", get(favicon))
}

/// Whether the binary carries GraphiQL; if not, `/graphiql` shows the console.
#[must_use]
pub fn has_graphiql() -> bool {
    find(GRAPHIQL).is_some()
}

/// The examples that both pages offer: name, query, and variables as JSON text (empty where there are none).
/// The integration tests run every one.
pub fn examples() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    EXAMPLES.iter().copied()
}

/// GraphiQL's page, with a nonce of its own in each answer; the console where GraphiQL was not built.
/// It is never answered with 304: a kept page would carry an old nonce under a new policy.
pub async fn graphiql(headers: HeaderMap) -> Response {
    let Some(file) = find(GRAPHIQL) else {
        return console(headers).await;
    };
    let mut bytes = [0_u8; 16];
    #[expect(clippy::disallowed_methods, reason = "a nonce must not be guessed, and nothing else depends on it")]
    if getrandom::fill(&mut bytes).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let nonce = data_encoding::BASE64.encode(&bytes);
    let page = String::from_utf8_lossy(file.raw).replace(NONCE, &nonce);
    let policy = GRAPHIQL_POLICY.replace(NONCE, &nonce);
    let head = [
        (CONTENT_TYPE, content_type(file.path)),
        (CACHE_CONTROL, "no-cache"),
        (VARY, "accept-encoding"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (head, [(CONTENT_SECURITY_POLICY, policy)], page).into_response()
}

async fn home() -> Redirect {
    Redirect::temporary(if has_graphiql() { "/graphiql" } else { "/console" })
}

async fn graphiql_file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    // The page itself goes out with its nonce only, at its own address.
    let file = find(&format!("graphiql/{path}")).filter(|file| file.path != GRAPHIQL);
    file.map_or_else(missing, |file| send(file, &headers))
}

async fn console(headers: HeaderMap) -> Response {
    find(CONSOLE).map_or_else(missing, |file| send(file, &headers))
}

async fn console_file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    find(&format!("console/{name}")).map_or_else(missing, |file| send(file, &headers))
}

async fn third_party(headers: HeaderMap) -> Response {
    find("THIRD-PARTY.txt").map_or_else(missing, |file| send(file, &headers))
}

async fn favicon(headers: HeaderMap) -> Response {
    find("console/favicon.svg").map_or_else(missing, |file| send(file, &headers))
}

async fn examples_file(headers: HeaderMap) -> Response {
    static FILE: LazyLock<(String, String)> = LazyLock::new(|| {
        let examples: Vec<_> = examples()
            .map(|(name, query, variables)| {
                let title = query.lines().next().unwrap_or(name).trim_start_matches(['#', ' ']);
                serde_json::json!({ "name": name, "title": title, "query": query, "variables": variables })
            })
            .collect();
        let json = serde_json::json!({ "graphiql": has_graphiql(), "examples": examples }).to_string();
        let mut hasher = DefaultHasher::new();
        hasher.write(json.as_bytes());
        (format!("W/\"{:016x}\"", hasher.finish()), json)
    });
    let (etag, json) = &*FILE;
    answer("examples.json", etag, &headers, || (Encoding::Identity, Cow::Borrowed(json.as_bytes())))
}

fn find(path: &str) -> Option<&'static File> {
    let index = FILES.binary_search_by(|file| file.path.cmp(path)).ok()?;
    FILES.get(index)
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is no such file here.\n").into_response()
}

fn send(file: &'static File, headers: &HeaderMap) -> Response {
    answer(file.path, file.etag, headers, || {
        if !file.raw.is_empty() {
            return (Encoding::Identity, Cow::Borrowed(file.raw));
        }
        match best_encoding(headers) {
            Encoding::Brotli => (Encoding::Brotli, Cow::Borrowed(file.br)),
            Encoding::Gzip => (Encoding::Gzip, Cow::Borrowed(file.gz)),
            Encoding::Identity => (Encoding::Identity, Cow::Borrowed(inflated(file))),
        }
    })
}

/// An answer with the headers that every file gets; 304 without a body where the client has this very content.
fn answer(path: &'static str, etag: &'static str, headers: &HeaderMap, body: impl FnOnce() -> (Encoding, Cow<'static, [u8]>)) -> Response {
    let keep = if path.starts_with(ASSETS) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut head: Vec<(HeaderName, &str)> =
        vec![(CACHE_CONTROL, keep), (ETAG, etag), (VARY, "accept-encoding"), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (REFERRER_POLICY, "no-referrer")];
    // A worker's script would be bound by the policy of its own file, so the assets have none.
    if !path.starts_with(ASSETS) {
        head.push((CONTENT_SECURITY_POLICY, CONSOLE_POLICY));
    }
    let (status, bytes) = if is_known(headers, etag) {
        (StatusCode::NOT_MODIFIED, Cow::Borrowed(&[][..]))
    } else {
        let (encoding, bytes) = body();
        head.push((CONTENT_TYPE, content_type(path)));
        match encoding {
            Encoding::Brotli => head.push((CONTENT_ENCODING, "br")),
            Encoding::Gzip => head.push((CONTENT_ENCODING, "gzip")),
            Encoding::Identity => {}
        }
        (StatusCode::OK, bytes)
    };
    let body = match bytes {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    let mut response = (status, body).into_response();
    response.headers_mut().remove(CONTENT_TYPE);
    for (name, value) in head {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Whether `If-None-Match` names this content (or anything, `*`).
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == etag.trim_start_matches("W/"))
}

/// Whether a client takes an encoding (a quality of 0 is a refusal).
fn takes(headers: &HeaderMap, wanted: &str) -> bool {
    let offers = || {
        headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(|offer| {
            let (name, quality) = offer.split_once(';').unwrap_or((offer, "q=1"));
            let quality = quality.trim().trim_start_matches(['q', 'Q', '=']).trim();
            (name.trim(), quality.parse::<f32>().is_ok_and(|quality| quality > 0.0))
        })
    };
    let named = offers().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    named.or_else(|| offers().find(|(name, _)| *name == "*")).is_some_and(|(_, taken)| taken)
}

/// Brotli before gzip before neither, among those that the client takes.
pub(super) fn best_encoding(headers: &HeaderMap) -> Encoding {
    if takes(headers, "br") { Encoding::Brotli } else { light_encoding(headers) }
}

/// The same without brotli, which takes much memory while it packs what is long.
pub(super) fn light_encoding(headers: &HeaderMap) -> Encoding {
    if takes(headers, "gzip") { Encoding::Gzip } else { Encoding::Identity }
}

/// A file as it is, for a client that takes no packed one: once for all such clients, or any of them could make us do it
/// again and again for nothing.
fn inflated(file: &File) -> &'static [u8] {
    static INFLATED: LazyLock<Vec<OnceLock<Vec<u8>>>> = LazyLock::new(|| FILES.iter().map(|_| OnceLock::new()).collect());
    let index = FILES.binary_search_by(|other| other.path.cmp(file.path)).ok();
    index.and_then(|index| INFLATED.get(index)).map_or(&[], |place| place.get_or_init(|| inflate(file.gz)).as_slice())
}

/// The gzip twins are of our own making, so a fault in one is a fault of the build; `every_twin_unpacks` looks.
fn inflate(gz: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(gz.len() * 4);
    let _ = GzDecoder::new(gz).read_to_end(&mut bytes);
    bytes
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json; charset=utf-8",
        "svg" => "image/svg+xml",
        "txt" | "md" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
