//! One sweep.

use std::sync::Arc;

use telephony::app::sweep::Sweep;
use telephony::ports::Clock;
use telephony_lambda::Error;
use telephony_lambda::schedule::Invocation;

pub(crate) struct Handler {
    pub(crate) sweep: Sweep,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Handler {
    pub(crate) async fn handle(&self, _invocation: &Invocation) -> Result<(), Error> {
        self.sweep.sweep(self.clock.now()).await?;
        Ok(())
    }
}
