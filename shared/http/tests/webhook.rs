//! Posts go where they may, take what they may, and end.

#![allow(
    clippy::unwrap_used,
    reason = "allow-unwrap-in-tests does not see the helper functions of an integration test"
)]

mod server;

use std::time::Duration;

use server::{Act, Server, answer};
use telephony::app::post_event::{Parcel, PostError, Posted, Poster as _};
use telephony::provider::Environment;
use telephony_http::WebhookPoster;

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

fn environment(origins: &[&Server]) -> Environment {
    Environment { local: true, local_origins: origins.iter().map(|server| server.origin.clone()).collect() }
}

fn parcel(url: &str) -> Parcel {
    let headers = vec![("webhook-id", "evt_1".to_owned()), ("webhook-signature", "v1,abc v1,def".to_owned())];
    Parcel { url: url.to_owned(), headers, body: "{\"a\":1}".to_owned() }
}

async fn post(total: Duration, environment: &Environment, url: &str) -> Result<Posted, PostError> {
    WebhookPoster::new(total, environment).unwrap().post(&parcel(url)).await
}

/// Posts to a server that does `acts`.
async fn outcome(total: Duration, acts: Vec<Act>) -> Result<Posted, PostError> {
    let server = Server::start(move |_| acts.clone()).await.unwrap();
    post(total, &environment(&[&server]), &format!("{}/hook", server.origin)).await
}

#[tokio::test]
async fn a_post_is_what_the_scheme_says_and_its_answer_is_read() {
    let head = "content-type: application/json\r\n";
    let server = Server::start(move |_| answer("200 OK", head, "{\"message\":\"Hi\"}")).await.unwrap();
    let posted = post(LONG, &environment(&[&server]), &format!("{}/hook?a=b", server.origin)).await.unwrap();
    assert_eq!(posted.status, 200);
    assert_eq!(posted.content_type.as_deref(), Some("application/json"));
    assert_eq!(posted.body.as_deref(), Some(b"{\"message\":\"Hi\"}".as_slice()));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    for part in [
        "post /hook?a=b http/1.1",
        "content-type: application/json",
        "user-agent: tandem/",
        "webhook-id: evt_1",
        "webhook-signature: v1,abc v1,def",
        "\r\n\r\n{\"a\":1}",
    ] {
        assert!(requests[0].contains(part), "{part} in {}", requests[0]);
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let other = Server::start(|_| answer("200 OK", "", "here")).await.unwrap();
    let to = format!("location: {}/other\r\n", other.origin);
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let to = to.clone();
        let server = Server::start(move |_| answer(status, &to, "")).await.unwrap();
        let posted = post(LONG, &environment(&[&server, &other]), &format!("{}/hook", server.origin)).await;
        assert_eq!(posted.unwrap().status.to_string(), status[..3]);
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn nothing_is_sent_to_where_nobody_may_go() {
    let server = Server::start(|_| answer("200 OK", "", "")).await.unwrap();
    let port = server.origin.rsplit(':').next().unwrap();
    for url in [
        &server.origin,
        &format!("https://127.0.0.1:{port}/"),
        &format!("http://localhost:{port}/"),
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:169.254.169.254]/",
        "https://[fd00:ec2::254]/",
        "https://10.0.0.1/",
        "https://2130706433/",
        "https://user:pass@example.com/",
        "http://example.com/",
        "https://example.com:8443/",
        "file:///etc/passwd",
        "no url",
    ] {
        // Deployed: no origin is exempt, whatever is named.
        let deployed = Environment { local: false, ..environment(&[&server]) };
        assert_eq!(post(LONG, &deployed, url).await, Err(PostError::NotAllowed), "{url}");
    }
    // A name that leads home is found out when it is resolved.
    let home = post(LONG, &environment(&[&server]), "https://localhost/").await;
    assert_eq!(home, Err(PostError::NotAllowed));
    assert!(server.requests().is_empty());
    assert!(post(LONG, &environment(&[&server]), &server.origin).await.is_ok());
}

#[tokio::test]
async fn a_post_ends_in_time_and_a_long_answer_is_not_read() {
    assert_eq!(outcome(SHORT, vec![Act::Hang]).await, Err(PostError::Timeout));
    let half = || vec![Act::Send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_owned()), Act::Hang];
    let posted = outcome(SHORT, half()).await.unwrap();
    assert_eq!((posted.status, posted.body), (200, None));
    let endless = vec![Act::Send("HTTP/1.1 200 OK\r\n\r\n".to_owned()), Act::Endless(&[b'x'; 4096])];
    let posted = outcome(LONG, endless).await.unwrap();
    assert_eq!((posted.status, posted.body), (200, None));
    let broken = vec![Act::Send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_owned())];
    assert_eq!(outcome(LONG, broken).await.unwrap().body, None);
    assert_eq!(outcome(LONG, vec![Act::Send("no http\r\n\r\n".to_owned())]).await, Err(PostError::Broken));
    assert_eq!(outcome(LONG, Vec::new()).await, Err(PostError::Broken));
    let server = Server::start(|_| Vec::new()).await.unwrap();
    let (environment, origin) = (environment(&[&server]), server.origin.clone());
    drop(server);
    let refused = post(SHORT, &environment, &origin).await;
    assert!(refused.is_err());
}
