//! Customers' systems: what they do is a matter of the address and of how often they were asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use telephony::app::post_event::{Parcel, PostError, Posted, Poster};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::Clock as _;

use crate::line::FakeClock;

/// What a customer's system does with one post.
#[derive(Clone, Debug)]
pub enum Does {
    Takes,
    Answers(&'static str, &'static str),
    Fails(u16),
    Stalls,
    /// Takes it, and the answer is lost.
    TakesAndIsLost,
}

/// One post that came.
#[derive(Clone, Debug)]
pub struct Came {
    pub url: String,
    pub id: String,
    pub body: String,
    pub sequence: u64,
    pub signature: String,
    pub at: Timestamp,
    pub taken: bool,
}

type Script = Box<dyn Fn(&str, usize, Timestamp) -> Does + Send + Sync>;

pub struct Consumer {
    clock: Arc<FakeClock>,
    script: Mutex<Script>,
    came: Mutex<Vec<Came>>,
}

impl Consumer {
    pub fn new(clock: Arc<FakeClock>) -> Self {
        Self { clock, script: Mutex::new(Box::new(|_, _, _| Does::Takes)), came: Mutex::default() }
    }

    /// What is done from now on: by the address, how many posts came there before, and the time.
    pub fn does(&self, script: impl Fn(&str, usize, Timestamp) -> Does + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// What came to an address.
    pub fn came_to(&self, name: &str) -> Vec<Came> {
        self.came().into_iter().filter(|came| came.url.contains(name)).collect()
    }

    /// The numbers of what an address took, in the order in which each was taken first.
    pub fn taken_by(&self, name: &str) -> Vec<u64> {
        let mut numbers = Vec::new();
        for came in self.came_to(name).into_iter().filter(|came| came.taken) {
            if !numbers.contains(&came.sequence) {
                numbers.push(came.sequence);
            }
        }
        numbers
    }
}

#[async_trait]
impl Poster for Consumer {
    async fn post(&self, parcel: &Parcel) -> Result<Posted, PostError> {
        let at = self.clock.now();
        let body: Value = serde_json::from_str(&parcel.body).unwrap();
        let header =
            |name: &str| parcel.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone()).unwrap();
        assert_eq!(header("webhook-id"), body["id"].as_str().unwrap());
        assert_eq!(header("webhook-timestamp"), at.seconds().to_string());
        let before = self.came_to(&parcel.url).len();
        let does = (self.script.lock().unwrap())(&parcel.url, before, at);
        let taken = matches!(does, Does::Takes | Does::Answers(..) | Does::TakesAndIsLost);
        self.came.lock().unwrap().push(Came {
            url: parcel.url.clone(),
            id: header("webhook-id"),
            body: parcel.body.clone(),
            sequence: body["sequence"].as_u64().unwrap(),
            signature: header("webhook-signature"),
            at,
            taken,
        });
        let answer = |status, kind: Option<&str>, body: &str| Posted {
            status,
            content_type: kind.map(str::to_owned),
            body: Some(body.as_bytes().to_vec()),
        };
        match does {
            Does::Takes => Ok(answer(204, None, "")),
            Does::Answers(kind, body) => {
                self.clock.pass(Duration::from_secs(1));
                Ok(answer(200, Some(kind), body))
            }
            Does::Fails(status) => Ok(answer(status, None, "no")),
            Does::Stalls => {
                self.clock.pass(Duration::from_secs(15));
                Err(PostError::Timeout)
            }
            Does::TakesAndIsLost => Err(PostError::Broken),
        }
    }
}
