//! Each fault, seen from both of the proxy's sides.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

use super::{Fault, FaultProxy};

/// A service that counts what reaches it and echoes the body.
async fn service() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reached = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&reached);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counter = Arc::clone(&counter);
            let echo = service_fn(move |request: Request<hyper::body::Incoming>| {
                counter.fetch_add(1, Ordering::SeqCst);
                async move {
                    let body = request.into_body().collect().await?.to_bytes();
                    Ok::<_, hyper::Error>(http::Response::new(Full::new(body)))
                }
            });
            tokio::spawn(async move {
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), echo)
                    .await;
            });
        }
    });
    (address, reached)
}

/// The status and the body; `None` when the connection broke.
async fn post(proxy: &FaultProxy, operation: &str, body: &str) -> Option<(StatusCode, Bytes)> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::post(format!("{}/?a=b", proxy.url()))
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let answer = client.request(request).await.ok()?;
    let status = answer.status();
    Some((status, answer.into_body().collect().await.ok()?.to_bytes()))
}

#[tokio::test]
async fn what_no_rule_meets_passes_and_is_counted() {
    let (upstream, reached) = service().await;
    let proxy = FaultProxy::start(upstream).await;
    let (status, body) = post(&proxy, "PutItem", "hello").await.unwrap();
    assert_eq!((status, &body[..]), (StatusCode::OK, &b"hello"[..]));
    let seen = proxy.seen();
    assert_eq!((proxy.count(), seen[0].operation(), seen[0].path.as_str()), (1, "PutItem", "/?a=b"));
    assert_eq!(reached.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_lost_request_and_a_lost_reply_differ_in_effect_only() {
    let (upstream, reached) = service().await;
    let proxy = FaultProxy::start(upstream).await;
    proxy.on_nth(1, |seen| seen.operation() == "GetItem", Fault::DropBefore);
    proxy.on_nth(2, |seen| seen.operation() == "GetItem", Fault::DropAfter);
    assert_eq!(post(&proxy, "GetItem", "").await, None);
    assert_eq!(reached.load(Ordering::SeqCst), 0);
    assert!(post(&proxy, "PutItem", "").await.is_some());
    assert_eq!(post(&proxy, "GetItem", "").await, None);
    assert_eq!(reached.load(Ordering::SeqCst), 2);
    assert!(post(&proxy, "GetItem", "").await.is_some());
}

#[tokio::test]
async fn a_status_is_answered_before_or_after_the_effect() {
    let (upstream, reached) = service().await;
    let proxy = FaultProxy::start(upstream).await;
    proxy.on_nth(1, |_| true, Fault::Answer(503));
    proxy.on_nth(2, |_| true, Fault::ForwardThenAnswer(500));
    assert_eq!(post(&proxy, "", "").await.unwrap().0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reached.load(Ordering::SeqCst), 0);
    assert_eq!(post(&proxy, "", "").await.unwrap().0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(reached.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn throttles_and_conflicts_are_dynamodbs_own() {
    let (upstream, reached) = service().await;
    let proxy = FaultProxy::start(upstream).await;
    proxy.from_nth(1, 1, |_| true, Fault::Throttle);
    proxy.from_nth(2, 2, |_| true, Fault::Conflict);
    let mut kinds = Vec::new();
    for operation in ["PutItem", "TransactWriteItems", "UpdateItem"] {
        let (status, body) = post(&proxy, operation, "").await.unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let kind = body["__type"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        kinds.push((kind, body["CancellationReasons"][0]["Code"].as_str().map(str::to_owned)));
    }
    let expected = [
        ("ProvisionedThroughputExceededException", None),
        ("TransactionCanceledException", Some("TransactionConflict")),
        ("TransactionConflictException", None),
    ];
    let expected = expected.map(|(kind, code)| (kind.to_owned(), code.map(str::to_owned)));
    assert_eq!(kinds, expected);
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_delayed_request_waits_for_its_release() {
    let (upstream, reached) = service().await;
    let proxy = Arc::new(FaultProxy::start(upstream).await);
    proxy.on_nth(1, |_| true, Fault::Delay);
    let waiting = Arc::clone(&proxy);
    let waiting = tokio::spawn(async move { post(&waiting, "", "late").await });
    proxy.held().await;
    assert_eq!(reached.load(Ordering::SeqCst), 0);
    assert!(post(&proxy, "", "other").await.is_some());
    proxy.release();
    assert_eq!(waiting.await.unwrap().unwrap().1, Bytes::from("late"));
    assert_eq!(reached.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn rules_can_be_forgotten() {
    let (upstream, _) = service().await;
    let proxy = FaultProxy::start(upstream).await;
    proxy.from_nth(1, u32::MAX, |_| true, Fault::DropBefore);
    assert_eq!(post(&proxy, "", "").await, None);
    proxy.clear();
    assert!(post(&proxy, "", "").await.is_some());
}
