//! One execution environment: a function from its start to its end.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::Error;
use crate::process::{Process, Share};
use crate::runtime_api::{Poll, RuntimeApi};

/// After its last request a function still goes to sleep; its CPU time is exact from then on.
const SETTLED: Duration = Duration::from_millis(15);

/// What is measured.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its name.
    pub name: &'static str,
    /// Its program.
    pub binary: PathBuf,
    /// Its environment, but for the addresses.
    pub variables: Vec<(String, String)>,
    /// Where its log goes.
    pub log: PathBuf,
}

/// An environment that waits for an event.
pub struct Environment {
    api: RuntimeApi,
    process: Process,
    poll: Option<Poll>,
    events: u32,
    /// From its start until it asked for the first event: wall time.
    pub init_wall: Duration,
    /// The CPU time of that.
    pub init_cpu: Duration,
}

/// One invocation.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    /// From the event's delivery to its answer.
    pub wall: Duration,
    /// The answer's status.
    pub status: u64,
}

impl Environment {
    /// Starts a function and waits until it asks for its first event.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(subject: &Subject, endpoint: &str, share: Option<&Share>) -> Result<Self, Error> {
        let mut api = RuntimeApi::start().await?;
        let mut variables = subject.variables.clone();
        variables.push(("AWS_LAMBDA_RUNTIME_API".to_owned(), api.address.to_string()));
        variables.push(("AWS_ENDPOINT_URL".to_owned(), endpoint.to_owned()));
        let process = Process::start(&subject.binary, &variables, share, subject.log.clone())?;
        let poll = api.poll().await?;
        let init_wall = poll.at - process.began;
        sleep(SETTLED).await;
        let init_cpu = process.cpu()?;
        Ok(Self { api, process, poll: Some(poll), events: 0, init_wall, init_cpu })
    }

    /// Delivers one event, and waits until the function asks for the next one.
    ///
    /// # Errors
    /// When it fails.
    pub async fn invoke(&mut self, event: String) -> Result<Invocation, Error> {
        let poll = match self.poll.take() {
            Some(poll) => poll,
            None => self.api.poll().await?,
        };
        self.events += 1;
        let id = format!("8476a536-e9f4-11e8-9739-{:012x}", self.events);
        let began = std::time::Instant::now();
        poll.deliver(&id, event);
        let (at, body) = self.api.told().await?;
        self.poll = Some(self.api.poll().await?);
        let answer: Value = serde_json::from_slice(&body)?;
        let status = answer.get("statusCode").and_then(Value::as_u64).ok_or("an answer without a status")?;
        Ok(Invocation { wall: at - began, status })
    }

    /// The CPU time so far.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub async fn cpu(&self) -> Result<Duration, Error> {
        sleep(SETTLED).await;
        self.process.cpu()
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
    }
}
