//! Downloads go where they may, take what they may, and end.

#![allow(
    clippy::unwrap_used,
    reason = "allow-unwrap-in-tests does not see the helper functions of an integration test"
)]

mod server;

use std::time::Duration;

use futures_util::StreamExt;
use server::{Act, Server, answer};
use telephony::domain::secret::Secret;
use telephony::provider::Environment;
use telephony::provider::media::MediaRequest;
use telephony_http::{Download, FetchError, FetchLimits, MediaFetcher};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);
const LIMITS: FetchLimits = FetchLimits { bytes: 1000, read: LONG, total: LONG };

fn environment(origins: &[&Server]) -> Environment {
    Environment { local: true, local_origins: origins.iter().map(|server| server.origin.clone()).collect() }
}

async fn fetch(limits: FetchLimits, environment: &Environment, url: &str) -> Result<Download, FetchError> {
    let authorization = Some(Secret::new("Basic c2VjcmV0"));
    let request = MediaRequest { url: url.parse().unwrap(), authorization };
    MediaFetcher::new(limits, environment).unwrap().fetch(&request).await
}

async fn read(download: Download) -> Result<Vec<u8>, FetchError> {
    let mut stream = download.stream;
    let mut body = Vec::new();
    while let Some(piece) = stream.next().await {
        body.extend_from_slice(&piece?);
    }
    Ok(body)
}

/// Fetches from a server that does `acts`, and reads everything.
async fn outcome(limits: FetchLimits, acts: Vec<Act>) -> Result<Vec<u8>, FetchError> {
    let server = Server::start(move |_| acts.clone()).await.unwrap();
    let download = fetch(limits, &environment(&[&server]), &format!("{}/file", server.origin)).await?;
    read(download).await
}

fn sends(text: impl Into<String>) -> Act {
    Act::Send(text.into())
}

#[tokio::test]
async fn a_file_comes_as_it_is() {
    let headers = "content-type: image/jpeg\r\ncontent-encoding: gzip\r\n";
    let server = Server::start(move |_| answer("200 OK", headers, "not decoded")).await.unwrap();
    let download = fetch(LIMITS, &environment(&[&server]), &format!("{}/file", server.origin)).await.unwrap();
    assert_eq!(download.content_type.as_deref(), Some("image/jpeg"));
    assert_eq!(download.content_length, Some(11));
    assert!(!format!("{download:?}").contains("decoded"));
    assert_eq!(read(download).await.unwrap(), b"not decoded");
    assert!(server.requests()[0].contains("\r\naccept-encoding: identity\r\n"), "{}", server.requests()[0]);
}

#[tokio::test]
async fn credentials_go_to_the_first_hop_and_no_further() {
    let storage = Server::start(|_| answer("200 OK", "", "bytes")).await.unwrap();
    let target = storage.origin.clone();
    let api = Server::start(move |path| match path {
        "/file" => answer("302 Found", "location: /same-host\r\n", ""),
        _ => answer("307 Temporary Redirect", &format!("location: {target}/stored\r\n"), ""),
    })
    .await
    .unwrap();
    let download =
        fetch(LIMITS, &environment(&[&api, &storage]), &format!("{}/file", api.origin)).await.unwrap();
    assert_eq!(read(download).await.unwrap(), b"bytes");
    let authorized: Vec<bool> =
        api.requests().iter().chain(&storage.requests()).map(|head| head.contains("authorization")).collect();
    assert_eq!(authorized, [true, false, false]);
}

#[tokio::test]
async fn no_redirect_leads_inside() {
    let inside = Server::start(|_| answer("200 OK", "", "secret")).await.unwrap();
    for target in [
        format!("{}/", inside.origin),
        inside.origin.replace("127.0.0.1", "localhost"),
        inside.origin.replace("http", "https"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://[::ffff:127.0.0.1]/".to_owned(),
        "https://localhost/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "//user:pass@example.com/".to_owned(),
    ] {
        let location = format!("location: {target}\r\n");
        let server = Server::start(move |_| answer("302 Found", &location, "")).await.unwrap();
        let got = fetch(LIMITS, &environment(&[&server]), &server.origin).await;
        assert_eq!(got.unwrap_err(), FetchError::NotAllowed, "{target}");
    }
    assert_eq!(inside.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_name_that_leads_home_is_refused_and_so_is_a_local_origin_elsewhere() {
    let server = Server::start(|_| answer("200 OK", "", "secret")).await.unwrap();
    let deployed = Environment { local: false, ..environment(&[&server]) };
    for url in ["https://localhost/", "https://127.0.0.1/", "http://example.com/", &server.origin] {
        assert_eq!(fetch(LIMITS, &deployed, url).await.unwrap_err(), FetchError::NotAllowed, "{url}");
    }
    assert_eq!(server.requests(), Vec::<String>::new());
    // Whether the name with a final dot leads anywhere is up to the machine's resolver.
    let rooted = fetch(LIMITS, &deployed, "https://localhost./").await.unwrap_err();
    assert!(matches!(rooted, FetchError::NotAllowed | FetchError::Unavailable), "{rooted:?}");
}

#[tokio::test]
async fn redirects_end() {
    let server =
        Server::start(|_| answer("301 Moved Permanently", "location: /again\r\n", "")).await.unwrap();
    let got = fetch(LIMITS, &environment(&[&server]), &server.origin).await;
    assert_eq!(got.unwrap_err(), FetchError::NotAllowed);
    assert_eq!(server.requests().len(), 4, "the file and three redirects");
    assert_eq!(outcome(LIMITS, answer("302 Found", "", "")).await, Err(FetchError::Refused), "no location");
}

#[tokio::test]
async fn a_body_is_cut_at_the_limit() {
    assert_eq!(outcome(LIMITS, answer("200 OK", "", &"x".repeat(1000))).await.unwrap().len(), 1000);
    let endless = vec![sends("HTTP/1.1 200 OK\r\n\r\n"), Act::Endless(b"xxxxxxxxxx")];
    assert_eq!(outcome(LIMITS, endless).await, Err(FetchError::TooLarge));
    let chunked =
        vec![sends("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), Act::Endless(b"4\r\nxxxx\r\n")];
    assert_eq!(outcome(LIMITS, chunked).await, Err(FetchError::TooLarge));
    // A length that is too large is believed at once: nothing of the body is awaited.
    for length in ["1001", "9223372036854775808"] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        assert_eq!(
            outcome(LIMITS, vec![sends(head), Act::Hang]).await,
            Err(FetchError::TooLarge),
            "{length}"
        );
    }
}

#[tokio::test]
async fn a_length_that_lies_never_makes_a_file() {
    let short = vec![sends("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this")];
    assert_eq!(outcome(LIMITS, short).await, Err(FetchError::Broken));
    let cut = vec![sends("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nxxxx\r\n")];
    assert_eq!(outcome(LIMITS, cut).await, Err(FetchError::Broken));
    let long = vec![sends("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfile and more")];
    assert_eq!(outcome(LIMITS, long).await.unwrap(), b"file");
    let absurd = vec![sends("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nx")];
    assert_eq!(outcome(LIMITS, absurd).await, Err(FetchError::Broken));
}

#[tokio::test]
async fn nobody_can_keep_us_waiting() {
    let slow = FetchLimits { read: SHORT, ..LIMITS };
    let late = FetchLimits { total: SHORT, ..LIMITS };
    let half = || vec![sends("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"), Act::Hang];
    for limits in [slow, late] {
        assert_eq!(outcome(limits, vec![Act::Hang]).await, Err(FetchError::Timeout));
        assert_eq!(outcome(limits, half()).await, Err(FetchError::Timeout));
    }
    // Bytes keep coming, each in time, and the whole is late all the same.
    let endless = vec![sends("HTTP/1.1 200 OK\r\n\r\n"), Act::Endless(b"x")];
    let patient = FetchLimits { bytes: u64::MAX, read: LONG, total: SHORT };
    assert_eq!(outcome(patient, endless).await, Err(FetchError::Timeout));
}

#[tokio::test]
async fn an_answer_that_is_no_file_says_whether_to_come_back() {
    for (status, error, again) in [
        ("404 Not Found", FetchError::NotReady, true),
        ("403 Forbidden", FetchError::Denied, false),
        ("410 Gone", FetchError::Gone, false),
        ("503 Service Unavailable", FetchError::Unavailable, true),
        ("204 No Content", FetchError::Refused, false),
    ] {
        assert_eq!(outcome(LIMITS, answer(status, "", "")).await, Err(error), "{status}");
        assert_eq!(error.is_retryable(), again, "{status}");
    }
    assert_eq!(outcome(LIMITS, vec![]).await, Err(FetchError::Broken));
}
