//! Access control by keys, host names and origins.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use subtle::{Choice, ConstantTimeEq as _};

use crate::app::ServerState;
use crate::config::LONGEST_KEY;
use crate::error::ApiError;

/// Routes that need no key.
const OPEN: [&str; 3] = ["/", "/healthz", "/openapi.json"];
/// Prefix of a websocket subprotocol that contains a key, since browsers can't set headers of websockets.
const KEY_PROTOCOL: &str = "key.";

/// Refuses requests without a key, with an unknown host name or from a web page of another origin. Answers preflight
/// requests of allowed origins.
pub(crate) async fn check(
    State(app): State<Arc<ServerState>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = text(request.headers(), header::ORIGIN).map(str::to_owned);
    let allowed = origin.filter(|o| app.config.origins.iter().any(|a| a == o || a == "*"));
    if let (Some(origin), &Method::OPTIONS) = (&allowed, request.method()) {
        return cross_origin(StatusCode::NO_CONTENT.into_response(), origin);
    }
    let checked = check_host(&app, &request)
        .and_then(|()| check_origin(&request, allowed.is_some()))
        .and_then(|()| check_key(&app, &request));
    let response = match checked {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    match allowed {
        Some(origin) => cross_origin(response, &origin),
        None => response,
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn cross_origin(mut response: Response, origin: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(origin) = HeaderValue::from_str(origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    let methods = HeaderValue::from_static("GET, POST, DELETE");
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    let names = HeaderValue::from_static("authorization, content-type");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    response
}

/// Refuses unknown host names on a loopback address. This prevents DNS rebinding, by which a web page makes its own
/// host name resolve to this server.
fn check_host(app: &ServerState, request: &Request) -> Result<(), ApiError> {
    let host = text(request.headers(), header::HOST).unwrap_or_default();
    let name = host_name(host);
    let known = app.config.hosts.iter().any(|h| h.eq_ignore_ascii_case(name));
    if !app.config.loopback || is_local(name) || known {
        return Ok(());
    }
    let message = format!("this server does not answer to the host name `{name}`");
    Err(ApiError::new(StatusCode::FORBIDDEN, "unknown_host", message))
}

/// Whether a host name is a loopback address, `localhost` or empty.
fn is_local(name: &str) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let loopback = address.is_ok_and(|address| address.is_loopback());
    name.is_empty() || name.eq_ignore_ascii_case("localhost") || loopback
}

/// Returns a host name without its port.
fn host_name(host: &str) -> &str {
    match host.rfind(']') {
        Some(end) => &host[..=end],
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Refuses web pages of other origins, including requests that browsers send without a preflight (forms, websockets).
fn check_origin(request: &Request, allowed: bool) -> Result<(), ApiError> {
    let Some(origin) = text(request.headers(), header::ORIGIN) else { return Ok(()) };
    let host = text(request.headers(), header::HOST).unwrap_or_default();
    let authority = origin.parse::<Uri>().ok().and_then(|uri| uri.authority().cloned());
    let own = authority.is_some_and(|a| a.as_str() == host);
    if own || allowed {
        return Ok(());
    }
    let message =
        "web pages of other origins may not call this server; allow them with --allow-origin";
    Err(ApiError::new(StatusCode::FORBIDDEN, "foreign_origin", message))
}

fn check_key(app: &ServerState, request: &Request) -> Result<(), ApiError> {
    if app.config.keys.is_empty() || OPEN.contains(&request.uri().path()) {
        return Ok(());
    }
    let headers = request.headers();
    let bearer = text(headers, header::AUTHORIZATION).and_then(|v| v.strip_prefix("Bearer "));
    let protocols = text(headers, header::SEC_WEBSOCKET_PROTOCOL).unwrap_or_default();
    let socket = protocols.split(',').find_map(|p| p.trim().strip_prefix(KEY_PROTOCOL));
    let given = bearer.or(socket).map(str::trim).unwrap_or_default();
    // All keys are compared, in time that is independent of their content.
    let found = app.config.keys.iter().fold(Choice::from(0), |found, key| found | same(key, given));
    if bool::from(found) {
        return Ok(());
    }
    let message = "a valid key is required: `Authorization: Bearer KEY`";
    Err(ApiError::new(StatusCode::UNAUTHORIZED, "invalid_api_key", message))
}

/// Compares two keys in time that is independent of their content.
fn same(key: &str, given: &str) -> Choice {
    let padded = |text: &str| {
        let mut bytes = [0u8; LONGEST_KEY];
        let used = text.len().min(LONGEST_KEY);
        bytes[..used].copy_from_slice(&text.as_bytes()[..used]);
        bytes
    };
    let lengths = (key.len() as u64).ct_eq(&(given.len() as u64));
    let sound = Choice::from(u8::from(!key.is_empty() && given.len() <= LONGEST_KEY));
    lengths & sound & padded(key).ct_eq(&padded(given))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_equal_or_not() {
        let check = |key: &str, given: &str, equal: bool| {
            assert_eq!(bool::from(same(key, given)), equal, "{key:?} {given:?}");
        };
        check("secret", "secret", true);
        check("secret", "secreT", false);
        check("secret", "secret\0", false);
        check("secret", "", false);
        check("", "", false);
        check(&"a".repeat(300), &"a".repeat(300), false);
    }

    #[test]
    fn loopback_names_are_local() {
        for (name, local) in [
            ("", true),
            ("LocalHost", true),
            ("127.0.0.2", true),
            ("[::1]", true),
            ("10.0.0.1", false),
            ("localhost.example", false),
        ] {
            assert_eq!(is_local(name), local, "{name}");
        }
    }

    #[test]
    fn hosts_lose_their_ports() {
        let check = |host: &str, name: &str| assert_eq!(host_name(host), name);
        check("localhost:8080", "localhost");
        check("[::1]:8080", "[::1]");
        check("example.org", "example.org");
    }
}
