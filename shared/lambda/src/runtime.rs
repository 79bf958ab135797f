//! The loop that a function runs, and what is the same for all HTTP functions: errors become
//! answers, and are logged once.
//!
//! A panic ends its invocation with an error and not the process: `lambda_runtime` catches it, the
//! gateway answers 5xx, and the caller comes again.

use std::convert::Infallible;
use std::future::Future;
use std::process::ExitCode;

use lambda_http::{LambdaEvent, Service, service_fn};
use lambda_runtime::{Diagnostic, Runtime};
use serde::Serialize;
use serde::de::DeserializeOwned;
use telephony::app::problem::Problem;
use tracing::{Instrument, Span};

use crate::Error;
use crate::answer::{Answer, Shaped};
use crate::config::Settings;
use crate::event::{HttpEvent, HttpRequest};
use crate::logging;

/// Runs a function's `main`: logging, one thread of tokio, and the reason when it cannot start.
/// One thread, because one environment serves one invocation at a time.
pub fn start<F, Fut>(main: F) -> ExitCode
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    logging::init(&Settings::from_process());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.map_err(Error::from).and_then(|runtime| runtime.block_on(main()));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = logging::chain(error.as_ref()), "the function cannot run");
            ExitCode::FAILURE
        }
    }
}

/// Polls for events for ever. Its own span replaces `lambda_runtime`'s, so that the request id has
/// one name in all lines.
pub(crate) async fn poll<S, A, R, E>(service: S) -> Result<(), Error>
where
    S: Service<LambdaEvent<A>, Response = R, Error = E>,
    S::Future: Future<Output = Result<R, E>>,
    E: Into<Diagnostic> + std::fmt::Debug,
    A: DeserializeOwned,
    R: Serialize,
{
    Runtime::new(service).run().await
}

/// Runs an HTTP function.
///
/// # Errors
/// Only when Lambda itself cannot be reached.
pub async fn run_http<H>(handler: H) -> Result<(), Error>
where
    H: AsyncFn(&HttpRequest) -> Result<Answer, Problem>,
{
    let handler = &handler;
    poll(service_fn(move |event: LambdaEvent<HttpEvent>| async move {
        Ok::<_, Infallible>(serve(event.payload, &event.context.request_id, handler).await)
    }))
    .await
}

/// One invocation of an HTTP function: reads the event, calls the handler, renders what comes.
pub async fn serve<H>(event: HttpEvent, request_id: &str, handler: &H) -> Shaped
where
    H: AsyncFn(&HttpRequest) -> Result<Answer, Problem>,
{
    let source = event.front_door();
    let answered = async {
        let request = event.into_request(request_id)?;
        if let Some(id) = &request.gateway_request_id {
            Span::current().record("gateway_request_id", id);
        }
        handler(&request).await
    };
    let span = logging::invocation_span(request_id);
    let answer = async { answered.await.unwrap_or_else(|problem| render(&problem, request_id)) };
    answer.instrument(span).await.shaped(source, request_id)
}

/// The answer to a problem, and the one line in the log that it leaves. Paths, bodies, details and
/// the provider's words stay out of it: any of them may hold a phone number.
fn render(problem: &Problem, request_id: &str) -> Answer {
    let code = problem.code();
    let provider = problem.provider().map(|fault| fault.name.as_str());
    let provider_code = problem.provider().and_then(|fault| fault.code.as_deref());
    let status = problem.status();
    if status >= 500 {
        let cause = problem.cause().map(|cause| logging::chain(cause));
        tracing::error!(%code, status, provider, provider_code, error = cause, "the request failed");
    } else {
        tracing::info!(%code, status, provider, provider_code, "the request was refused");
    }
    Answer::problem(problem, request_id)
}
