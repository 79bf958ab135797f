//! What every webhook function does first: which provider, and is it really it?

use telephony::app::problem::{Code, Problem};
use telephony::app::webhook::{Delivered, WebhookDoor};
use telephony::provider::ProviderId;
use telephony::provider::webhooks::WebhookKind;

use crate::event::{HttpRequest, inbound_request};
use crate::metrics::{Metric, count};

/// Which of these URLs a request to `/api/webhooks/{provider}/…` came to. `None`: none of them.
pub fn kind_of(request: &HttpRequest, kinds: &[WebhookKind]) -> Option<WebhookKind> {
    let segments = request.segments().ok()?;
    kinds.iter().copied().find(|kind| segments.get(2).is_some_and(|path| path == kind.path()))
}

/// Lets the webhook of a request to `/api/webhooks/{provider}/…` in; counts what is refused.
///
/// # Errors
/// `NOT_FOUND` for a path that names no provider, and those of [`WebhookDoor::open`].
pub async fn admit(
    door: &WebhookDoor,
    kind: WebhookKind,
    request: &HttpRequest,
    public_base_url: &str,
) -> Result<Delivered, Problem> {
    let segments = request.segments()?;
    let provider: ProviderId =
        segments.get(1).and_then(|word| word.parse().ok()).ok_or(Problem::new(Code::NotFound))?;
    let inbound = inbound_request(request, public_base_url);
    door.open(provider, kind, &inbound).await.inspect_err(|problem| {
        if problem.code() == Code::InvalidSignature {
            count(Metric::WebhooksRefused, provider, 1, door.clock.now());
        }
    })
}
