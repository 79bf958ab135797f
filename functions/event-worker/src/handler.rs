//! Jobs of the two queues of events.

use std::sync::Arc;

use telephony::app::hand_out::HandOut;
use telephony::app::post_event::{Notices, PostEvent};
use telephony::app::replay::{Replay, Wish};
use telephony::domain::endpoint::DeliveryRef;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::Job;
use telephony_lambda::Error;
use telephony_lambda::batch::Delivery;
use telephony_lambda::metrics::{Metric, count_alone};

pub(crate) struct Handler {
    pub(crate) hand_out: HandOut,
    pub(crate) post: Arc<PostEvent>,
    pub(crate) replay: Replay,
}

impl Handler {
    pub(crate) async fn handle(&self, job: Job, _delivery: &Delivery) -> Result<(), Error> {
        match job {
            Job::HandOut { tenant, event, thread } => self.hand_out.hand_out(&tenant, event, thread).await?,
            Job::Redeliver { tenant, event, target } => {
                self.post.redeliver(&DeliveryRef { tenant, event, target }).await?;
            }
            Job::Replay { tenant, endpoint, replay, since, until, cursor } => {
                let wish = Wish { tenant, endpoint, replay, since, until };
                self.replay.page(&wish, cursor.as_deref()).await?;
            }
            Job::Send { .. } | Job::CopyMedia { .. } | Job::CopyRecording { .. } => {
                return Err("this job does not belong on this queue".into());
            }
        }
        Ok(())
    }
}

/// The metrics as the use-case's port.
pub(crate) struct Counted;

impl Notices for Counted {
    fn endpoint_disabled(&self, now: Timestamp) {
        count_alone(Metric::EndpointsDisabled, 1, now);
    }
}
