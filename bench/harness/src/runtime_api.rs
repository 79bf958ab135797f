//! The Lambda Runtime API, as far as a function uses it
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>): one function, one event at a time.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::Error;

/// Longer than any measured thing takes, on a busy machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(30);

/// A function that waits for an event.
#[derive(Debug)]
pub struct Poll {
    /// When it asked.
    pub at: Instant,
    reply: oneshot::Sender<Delivery>,
}

#[derive(Debug)]
struct Delivery {
    id: String,
    event: String,
}

impl Poll {
    /// Hands out an event.
    pub fn deliver(self, id: &str, event: String) {
        let _ = self.reply.send(Delivery { id: id.to_owned(), event });
    }
}

/// What a function did with its event.
#[derive(Debug)]
pub enum Told {
    /// It answered.
    Answer(Instant, Bytes),
    /// It, or its start, failed.
    Failure(Bytes),
}

/// The API's side of one function.
#[derive(Debug)]
pub struct RuntimeApi {
    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub address: SocketAddr,
    polls: mpsc::UnboundedReceiver<Poll>,
    told: mpsc::UnboundedReceiver<Told>,
}

#[derive(Clone)]
struct Senders {
    polls: mpsc::UnboundedSender<Poll>,
    told: mpsc::UnboundedSender<Told>,
}

impl RuntimeApi {
    /// Listens on loopback.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start() -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let ((poll_sender, polls), (told_sender, told)) =
            (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let senders = Senders { polls: poll_sender, told: told_sender };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let senders = senders.clone();
                let service = service_fn(move |request| {
                    let senders = senders.clone();
                    async move { Ok::<_, Infallible>(senders.answer(request).await) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self { address, polls, told })
    }

    /// Waits until the function asks for an event; an error when it says first why it cannot.
    ///
    /// # Errors
    /// What the function said, or that it said nothing for a long time.
    pub async fn poll(&mut self) -> Result<Poll, Error> {
        let said = timeout(PATIENCE, async {
            tokio::select! { poll = self.polls.recv() => Ok(poll), told = self.told.recv() => Err(told) }
        });
        match said.await? {
            Ok(Some(poll)) => Ok(poll),
            Ok(None) => Err("the runtime API ended".into()),
            Err(told) => Err(format!("the function does not start: {told:?}").into()),
        }
    }

    /// Waits for the answer to the event.
    ///
    /// # Errors
    /// What the function said, or that it said nothing for a long time.
    pub async fn told(&mut self) -> Result<(Instant, Bytes), Error> {
        match timeout(PATIENCE, self.told.recv()).await? {
            Some(Told::Answer(at, body)) => Ok((at, body)),
            other => Err(format!("the function failed: {other:?}").into()),
        }
    }
}

impl Senders {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        if request.method() == Method::GET && path.ends_with("/invocation/next") {
            let (reply, delivery) = oneshot::channel();
            let _ = self.polls.send(Poll { at: Instant::now(), reply });
            return delivery
                .await
                .ok()
                .and_then(|delivery| next(delivery).ok())
                .unwrap_or_else(|| status(StatusCode::GONE));
        }
        let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let _ = self.told.send(match path.ends_with("/response") {
            true => Told::Answer(Instant::now(), body),
            false => Told::Failure(body),
        });
        status(StatusCode::ACCEPTED)
    }
}

fn next(delivery: Delivery) -> http::Result<Response<Full<Bytes>>> {
    let deadline = SystemTime::now() + Duration::from_secs(5);
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Response::builder()
        .header("lambda-runtime-aws-request-id", delivery.id)
        .header("lambda-runtime-deadline-ms", deadline.to_string())
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:bench")
        .header("lambda-runtime-trace-id", "Root=1-5e1b4151-5ac6c58f3c3f4a1a1a1a1a1a;Sampled=0")
        .header("content-type", "application/json")
        .body(Full::from(delivery.event))
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
