//! A transport that plays a script. A request that is not in it fails the test, and so does a part of
//! it that was never asked for.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use telephony::provider::transport::{HttpTransport, TransportError};

type Check = Box<dyn Fn(&Request<Bytes>) + Send>;

/// One expected request and what it is answered with.
struct Step {
    check: Check,
    answer: Result<Response<Bytes>, TransportError>,
}

/// The transport. Shared with the code under test through an `Arc`.
#[derive(Default)]
pub struct ReplayTransport {
    script: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<Request<Bytes>>>,
}

impl ReplayTransport {
    /// An empty script: every request fails the test.
    pub fn new() -> Self {
        Self::default()
    }

    /// Then expects a request that passes `check` (which panics when it does not) and gives the answer.
    #[must_use]
    pub fn then(
        self,
        check: impl Fn(&Request<Bytes>) + Send + 'static,
        answer: Result<Response<Bytes>, TransportError>,
    ) -> Self {
        self.script.lock().expect("no test panicked").push_back(Step { check: Box::new(check), answer });
        self
    }

    /// Then expects any request and gives the answer.
    #[must_use]
    pub fn answer(self, status: u16, body: impl Into<Bytes>) -> Self {
        self.then(|_| {}, Ok(response(status, &[], body)))
    }

    /// Then expects any request and loses it like this.
    #[must_use]
    pub fn lose(self, error: TransportError) -> Self {
        self.then(|_| {}, Err(error))
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.seen.lock().expect("no test panicked").clone()
    }
}

/// An answer with headers.
pub fn response(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).expect("a well-formed answer")
}

#[async_trait]
impl HttpTransport for ReplayTransport {
    async fn execute(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.seen.lock().expect("no test panicked").push(request.clone());
        let step = self.script.lock().expect("no test panicked").pop_front();
        let step = step.unwrap_or_else(|| panic!("nobody expected {} {}", request.method(), request.uri()));
        (step.check)(&request);
        step.answer
    }
}

impl Drop for ReplayTransport {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let left = self.script.get_mut().map_or(0, |script| script.len());
        assert_eq!(left, 0, "{left} expected requests were never made");
    }
}
