//! The transport tells what can have taken effect from what cannot.

#![allow(
    clippy::unwrap_used,
    reason = "allow-unwrap-in-tests does not see the helper functions of an integration test"
)]

mod server;

use std::time::Duration;

use bytes::Bytes;
use server::{Act, Server, answer};
use telephony::provider::transport::{HttpTransport, TransportError};
use telephony_http::{DEFAULT_TIMEOUT, ReqwestTransport};
use tokio::net::TcpListener;

/// Long enough to connect within this machine, short enough to wait for.
const SHORT: Duration = Duration::from_millis(300);

async fn call(timeout: Duration, uri: &str) -> Result<http::Response<Bytes>, TransportError> {
    let request = http::Request::post(uri)
        .header("authorization", "Basic c2VjcmV0")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from_static(b"Body=hello"));
    ReqwestTransport::new(timeout).unwrap().execute(request.unwrap()).await
}

#[tokio::test]
async fn a_request_goes_out_as_it_is_and_the_answer_comes_back_whole() {
    let server =
        Server::start(|_| answer("429 Too Many Requests", "retry-after: 7\r\n", "slow down")).await.unwrap();
    let response = call(DEFAULT_TIMEOUT, &format!("{}/send?a=%20b&a=c", server.origin)).await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(response.body(), &Bytes::from_static(b"slow down"));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].starts_with("post /send?a=%20b&a=c http/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].contains("authorization: basic c2vjcmv0\r\n"), "{}", requests[0]);
    assert!(requests[0].ends_with("\r\n\r\nBody=hello"), "{}", requests[0]);
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let server =
        Server::start(|_| answer("307 Temporary Redirect", "location: /elsewhere\r\n", "")).await.unwrap();
    assert_eq!(call(DEFAULT_TIMEOUT, &server.origin).await.unwrap().status(), 307);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn without_a_connection_nothing_can_have_arrived() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for uri in [format!("http://{address}/"), "http://name.invalid/".to_owned(), "/no-host".to_owned()] {
        assert_eq!(call(DEFAULT_TIMEOUT, &uri).await.unwrap_err(), TransportError::NotConnected, "{uri}");
    }
}

#[tokio::test]
async fn a_failed_tls_handshake_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    assert_eq!(call(DEFAULT_TIMEOUT, &uri).await.unwrap_err(), TransportError::NotConnected);
}

#[tokio::test]
async fn once_connected_everything_may_have_arrived() {
    let scripts: [(Vec<Act>, TransportError); 6] = [
        (vec![], TransportError::Broken),
        (vec![Act::Send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".into())], TransportError::Broken),
        (vec![Act::Send("this is not HTTP\r\n\r\n".into())], TransportError::Broken),
        (
            vec![Act::Send("HTTP/1.1 200 OK\r\n\r\n".into()), Act::Endless(&[b'x'; 65_536])],
            TransportError::Broken,
        ),
        (vec![Act::Hang], TransportError::Timeout),
        (
            vec![Act::Send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".into()), Act::Hang],
            TransportError::Timeout,
        ),
    ];
    for (acts, expected) in scripts {
        let timeout = if expected == TransportError::Timeout { SHORT } else { DEFAULT_TIMEOUT };
        let server = Server::start(move |_| acts.clone()).await.unwrap();
        let got = call(timeout, &server.origin).await.unwrap_err();
        assert_eq!(got, expected);
        assert!(got.may_have_arrived());
        assert_eq!(server.requests().len(), 1, "sent once, never again");
    }
}

#[test]
fn debug_shows_nothing() {
    assert_eq!(format!("{:?}", ReqwestTransport::new(SHORT).unwrap()), "ReqwestTransport");
}
