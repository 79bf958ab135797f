//! Jobs of the outbound queue.

use telephony::app::deliver::Deliver;
use telephony::ports::Job;
use telephony_lambda::Error;
use telephony_lambda::batch::Delivery;

pub(crate) struct Handler {
    pub(crate) deliver: Deliver,
}

impl Handler {
    pub(crate) async fn handle(&self, job: Job, _delivery: &Delivery) -> Result<(), Error> {
        match job {
            Job::Send { tenant, message } => Ok(self.deliver.deliver(&tenant, message).await?),
            Job::CopyMedia { .. }
            | Job::CopyRecording { .. }
            | Job::HandOut { .. }
            | Job::Redeliver { .. }
            | Job::Replay { .. } => Err("this job does not belong on this queue".into()),
        }
    }
}
