//! The body of a request, read up to its limit and no further.

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use super::refusal::{Refusal, code};
use super::settings::Settings;

/// Reads a whole body.
///
/// One that announces more than the limit is refused before it is read; one that does not say (chunked) when the
/// limit is passed: by then at most one buffer more was taken from the socket.
///
/// # Errors
/// 413 beyond the limit, 408 where it does not arrive in time, 400 where it breaks off.
pub async fn read(body: Body, settings: &Settings) -> Result<Bytes, Refusal> {
    let limit = settings.body_bytes;
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    match timeout(settings.body_time.0, collect(body, limit)).await {
        Ok(read) => read,
        Err(_) => {
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, code::TIMEOUT, format!("The body of the request did not arrive within {}.", settings.body_time)))
        }
    }
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let mut whole = Bytes::new();
    let mut parts = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::bad_request("The body of the request broke off."))?;
        // Trailers say nothing to us.
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + parts.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        // Most bodies come in one piece, which is passed on as it is.
        if whole.is_empty() && parts.is_empty() {
            whole = data;
        } else {
            if parts.is_empty() {
                parts = Vec::from(std::mem::take(&mut whole));
            }
            parts.extend_from_slice(&data);
        }
    }
    Ok(if parts.is_empty() { whole } else { parts.into() })
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, code::LIMIT_BODY, format!("The body of a request may have at most {limit} bytes."))
}
