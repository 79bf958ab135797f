//! One HTTP/1.1 request to a loopback address, with its target sent verbatim.

use std::{net::Ipv4Addr, time::Duration};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};
use url::Url;

pub(crate) struct Outgoing {
    pub(crate) method: String,
    /// Where to connect, without a fragment.
    pub(crate) url: String,
    /// `Host`, where it differs from the address (a public name that is delivered to loopback).
    pub(crate) host: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) connect: Duration,
    pub(crate) read: Duration,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: String,
}

pub(crate) enum Failure {
    Connect(String),
    Timeout,
    Protocol(String),
}

/// Answers to webhooks are limited to 64 kB (Twilio 11750); a little more is read, to see that it was exceeded.
const LARGEST_ANSWER: usize = 128 * 1024;

pub(crate) async fn send(request: Outgoing) -> Result<Answer, Failure> {
    let (host, port, target) = destination(&request.url)?;
    let stream = match timeout(request.connect, TcpStream::connect((host.as_str(), port))).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(Failure::Connect(error.to_string())),
        Err(_) => return Err(Failure::Connect("connect timed out".to_owned())),
    };
    let authority = request.host.clone().unwrap_or_else(|| authority_of(&request.url).to_owned());
    let mut builder = Request::builder().method(request.method.as_str()).uri(target);
    builder = builder.header(header::HOST, authority);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let message = builder
        .body(Full::new(Bytes::from(request.body)))
        .map_err(|error| Failure::Protocol(error.to_string()))?;
    match timeout(request.read, exchange(stream, message)).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::Timeout),
    }
}

async fn exchange(stream: TcpStream, message: Request<Full<Bytes>>) -> Result<Answer, Failure> {
    let protocol = |error: &dyn std::fmt::Display| Failure::Protocol(error.to_string());
    let (mut sender, connection) =
        // `X-Twilio-Signature`, not `x-twilio-signature`: as the providers write them.
        http1::Builder::new().title_case_headers(true).handshake(TokioIo::new(stream)).await.map_err(|error| protocol(&error))?;
    let driver = tokio::spawn(connection);
    let response = sender.send_request(message).await.map_err(|error| protocol(&error))?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, LARGEST_ANSWER).collect().await.map_err(|error| protocol(&error))?;
    driver.abort();
    Ok(Answer {
        status: parts.status.as_u16(),
        content_type: parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
        body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
    })
}

/// Host to connect to, port and request target. Anything but loopback is refused: this program must not be able
/// to reach the outside.
fn destination(url: &str) -> Result<(String, u16, String), Failure> {
    let parsed = Url::parse(url).map_err(|error| Failure::Connect(format!("bad URL: {error}")))?;
    if parsed.scheme() != "http" {
        return Err(Failure::Connect("only http is delivered; map the origin with /_sim/origins".to_owned()));
    }
    let host = match parsed.host() {
        Some(url::Host::Ipv4(ip)) if ip.is_loopback() => ip.to_string(),
        Some(url::Host::Ipv6(ip)) if ip.is_loopback() => ip.to_string(),
        Some(url::Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => {
            Ipv4Addr::LOCALHOST.to_string()
        }
        _ => {
            return Err(Failure::Connect(
                "not a loopback host; map the origin with /_sim/origins".to_owned(),
            ));
        }
    };
    let target = target_of(url);
    Ok((host, parsed.port_or_known_default().unwrap_or(80), target))
}

fn after_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// `host:port`, without userinfo.
pub(crate) fn authority_of(url: &str) -> &str {
    let rest = after_scheme(url);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// Path and query exactly as they are written.
fn target_of(url: &str) -> String {
    let rest = after_scheme(url);
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let target = rest.get(at..).unwrap_or_default();
    let target = target.split('#').next().unwrap_or_default();
    if target.starts_with('/') { target.to_owned() } else { format!("/{target}") }
}
