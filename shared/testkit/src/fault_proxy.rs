//! A reverse proxy on loopback that stands before DynamoDB, or any HTTP service, and makes the faults
//! that no emulator makes: above all *applied, but the reply was lost*.
//!
//! A rule names the n-th request that a predicate picks, from the moment the rule is made; requests are
//! counted whether a rule meets them or not.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection closes; the service never sees the request.
    DropBefore,
    /// The service acts, and its reply is lost.
    DropAfter,
    /// It waits for [`FaultProxy::release`], and then goes its way.
    Delay,
    /// The service never sees it; this status is the answer.
    Answer(u16),
    /// The service acts; this status is the answer.
    ForwardThenAnswer(u16),
    /// DynamoDB's `ProvisionedThroughputExceededException`; nothing happened.
    Throttle,
    /// DynamoDB's answer to a write that meets a transaction at work: nothing happened.
    Conflict,
}

/// A request, as far as predicates look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its method.
    pub method: Method,
    /// Its path and query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Seen {
    /// DynamoDB's operation: what `X-Amz-Target` names behind its last dot; empty elsewhere.
    pub fn operation(&self) -> &str {
        let target = self.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        target.and_then(|target| target.rsplit('.').next()).unwrap_or_default()
    }
}

type Picks = Box<dyn Fn(&Seen) -> bool + Send>;

/// One rule.
struct Rule {
    picks: Picks,
    first: u32,
    times: u32,
    met: u32,
    fault: Fault,
}

/// What the proxy and its connections share.
struct Shared {
    upstream: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    rules: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<Seen>>,
    /// One permit for each request that is being held back.
    held: Semaphore,
    /// One permit for each request that may go on.
    released: Semaphore,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The connection is to be closed without a reply.
#[derive(Debug, Clone, Copy)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("dropped by the fault proxy")
    }
}

impl std::error::Error for Dropped {}

/// The proxy. It stops when it is dropped.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<Infallible>,
}

impl FaultProxy {
    /// A proxy before the service at `upstream`, on a free port of loopback.
    pub async fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound address");
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let shared = Arc::new(Shared {
            upstream,
            client: Client::builder(TokioExecutor::new()).build(connector),
            rules: Mutex::default(),
            seen: Mutex::default(),
            held: Semaphore::new(0),
            released: Semaphore::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, accepting }
    }

    /// Where it listens, as a URL without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The `nth` request (from 1) that `picks` picks from now on meets `fault`.
    pub fn on_nth(&self, nth: u32, picks: impl Fn(&Seen) -> bool + Send + 'static, fault: Fault) {
        self.from_nth(nth, 1, picks, fault);
    }

    /// So do the `times` requests from the `nth` on: a client's own retries can be made to fail too.
    pub fn from_nth(
        &self,
        nth: u32,
        times: u32,
        picks: impl Fn(&Seen) -> bool + Send + 'static,
        fault: Fault,
    ) {
        let rule = Rule { picks: Box::new(picks), first: nth, times, met: 0, fault };
        lock(&self.shared.rules).push(rule);
    }

    /// Forgets the rules; what is held back stays so.
    pub fn clear(&self) {
        lock(&self.shared.rules).clear();
    }

    /// Every request so far, in the order in which they came.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// How many requests have come.
    pub fn count(&self) -> usize {
        lock(&self.shared.seen).len()
    }

    /// Waits until one more request is held back.
    pub async fn held(&self) {
        self.shared.held.acquire().await.expect("never closed").forget();
    }

    /// Lets one held request go on.
    pub fn release(&self) {
        self.shared.released.add_permits(1);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        tokio::spawn(connection(stream, Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| serve(Arc::clone(&shared), request));
    // A dropped request ends the connection with an error, which is what was asked for.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn serve(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let seen = Seen { method: parts.method, path, headers: parts.headers, body };
    let fault = fault_for(&shared, &seen);
    lock(&shared.seen).push(seen.clone());
    match fault {
        None => forward(&shared, seen).await,
        Some(Fault::DropBefore) => Err(Dropped),
        Some(Fault::DropAfter) => {
            forward(&shared, seen).await?;
            Err(Dropped)
        }
        Some(Fault::Delay) => {
            shared.held.add_permits(1);
            shared.released.acquire().await.map_err(|_| Dropped)?.forget();
            forward(&shared, seen).await
        }
        Some(Fault::Answer(status)) => Ok(answer(status, "InternalServerError", "")),
        Some(Fault::ForwardThenAnswer(status)) => {
            forward(&shared, seen).await?;
            Ok(answer(status, "InternalServerError", ""))
        }
        Some(Fault::Throttle) => Ok(answer(400, "ProvisionedThroughputExceededException", "")),
        Some(Fault::Conflict) if seen.operation() == "TransactWriteItems" => {
            let reasons = r#","CancellationReasons":[{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]"#;
            Ok(answer(400, "TransactionCanceledException", reasons))
        }
        Some(Fault::Conflict) => Ok(answer(400, "TransactionConflictException", "")),
    }
}

/// The first rule whose turn it is; every rule that picks the request counts it.
fn fault_for(shared: &Shared, seen: &Seen) -> Option<Fault> {
    let mut fault = None;
    for rule in lock(&shared.rules).iter_mut() {
        if (rule.picks)(seen) {
            rule.met += 1;
            let turn = rule.met >= rule.first && rule.met - rule.first < rule.times;
            fault = fault.or(turn.then_some(rule.fault));
        }
    }
    fault
}

async fn forward(shared: &Shared, seen: Seen) -> Result<Response<Full<Bytes>>, Dropped> {
    let uri: Uri = format!("http://{}{}", shared.upstream, seen.path).parse().map_err(|_| Dropped)?;
    let mut request = Request::new(Full::new(seen.body));
    *request.method_mut() = seen.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = end_to_end(seen.headers);
    let (parts, body) = shared.client.request(request).await.map_err(|_| Dropped)?.into_parts();
    let mut response = Response::new(Full::new(body.collect().await.map_err(|_| Dropped)?.to_bytes()));
    *response.status_mut() = parts.status;
    *response.headers_mut() = end_to_end(parts.headers);
    Ok(response)
}

/// Headers that concern one connection stay on it.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    headers.remove(CONNECTION);
    headers.remove(TRANSFER_ENCODING);
    headers
}

/// An error in DynamoDB's form.
fn answer(status: u16, kind: &str, more: &str) -> Response<Full<Bytes>> {
    let body = format!(
        r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{kind}","message":"by the fault proxy"{more}}}"#
    );
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/x-amz-json-1.0")
        .body(Full::new(body.into()))
        .expect("a well-formed answer")
}

#[cfg(test)]
#[path = "fault_proxy_tests.rs"]
mod tests;
