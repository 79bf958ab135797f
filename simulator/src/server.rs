//! Listening and answering, with the two things a web framework does not offer: hanging up instead of answering,
//! and doing so with a reset.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, body::Body, response::Response};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpListener;

/// Put into a response's extensions: the connection closes and nothing of the response is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hangup {
    /// An orderly close (FIN).
    Close,
    /// RST.
    Reset,
}

pub(crate) fn hang_up(how: Hangup) -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(how);
    response
}

pub(crate) async fn serve(listener: TcpListener, router: Router) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::task::yield_now().await;
                continue;
            }
        };
        // A failure costs a few milliseconds per answer, nothing else.
        let _ = stream.set_nodelay(true);
        let reset = Arc::new(AtomicBool::new(false));
        let service = Answers { router: TowerToHyperService::new(router.clone()), reset: reset.clone() };
        tokio::spawn(async move {
            let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = Pin::new(&mut connection).await {
                tracing::debug!(%error, "connection ended");
            }
            if reset.load(Ordering::SeqCst) {
                // With no linger, dropping the socket sends a reset.
                let _ = connection.into_parts().io.into_inner().set_zero_linger();
            }
        });
    }
}

struct Answers {
    router: TowerToHyperService<Router>,
    reset: Arc<AtomicBool>,
}

impl Service<Request<Incoming>> for Answers {
    type Response = Response;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, io::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = self.router.call(request);
        let reset = self.reset.clone();
        Box::pin(async move {
            let Ok(response) = answer.await;
            match response.extensions().get::<Hangup>() {
                None => Ok(response),
                Some(how) => {
                    reset.store(*how == Hangup::Reset, Ordering::SeqCst);
                    Err(io::Error::new(io::ErrorKind::ConnectionAborted, "told to hang up"))
                }
            }
        })
    }
}
