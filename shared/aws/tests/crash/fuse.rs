//! Numbers every call through a port, and cuts the process off at one of them.

use std::future::Future;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use telephony::ports::StoreError;
use telephony::provider::transport::TransportError;
use tokio::sync::Notify;

/// On which side of the call's effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

/// How the process learns of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Not at all: it dies, and its future is dropped.
    Dies,
    /// The call returns an error.
    Fails,
}

/// Where a run is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The number of the call, from 0.
    pub call: usize,
    pub side: Side,
    pub way: Way,
}

/// What another process does just before a call.
type Meanwhile = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

#[derive(Default)]
struct State {
    cuts: Vec<Cut>,
    meanwhile: Option<(usize, Meanwhile)>,
    calls: Vec<&'static str>,
    /// Every call is counted; a count is only open between the calls of the run under test.
    met: usize,
}

/// Counts and cuts.
#[derive(Default)]
pub struct Fuse {
    state: Mutex<State>,
    dead: Notify,
}

/// Both errors that a call can be made to return.
pub trait Lost {
    fn before() -> Self;
    fn after() -> Self;
}

impl Lost for StoreError {
    fn before() -> Self {
        Self::Unavailable("cut before".into())
    }
    fn after() -> Self {
        Self::Unavailable("cut after".into())
    }
}

impl Lost for TransportError {
    fn before() -> Self {
        Self::NotConnected
    }
    fn after() -> Self {
        Self::Broken
    }
}

impl Fuse {
    pub fn new(cuts: &[Cut]) -> Arc<Self> {
        let state = State { cuts: cuts.to_vec(), ..State::default() };
        Arc::new(Self { state: Mutex::new(state), dead: Notify::new() })
    }

    /// Has `meanwhile` happen just before the call of this number.
    #[allow(dead_code, reason = "one test binary uses it")]
    pub fn meanwhile(&self, call: usize, meanwhile: Meanwhile) {
        self.state.lock().unwrap().meanwhile = Some((call, meanwhile));
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<&'static str> {
        self.state.lock().unwrap().calls.clone()
    }

    /// How many of the cuts were reached.
    pub fn met(&self) -> usize {
        self.state.lock().unwrap().met
    }

    /// One call. Its effect takes place when `effect` is awaited.
    pub async fn call<T, E: Lost>(
        &self,
        name: &'static str,
        effect: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let (cut, meanwhile) = self.next(name);
        if let Some(meanwhile) = meanwhile {
            meanwhile().await;
        }
        match cut {
            None => effect.await,
            Some(Cut { side: Side::Before, way: Way::Fails, .. }) => Err(E::before()),
            Some(Cut { side: Side::Before, way: Way::Dies, .. }) => self.die().await,
            Some(Cut { side: Side::After, way: Way::Fails, .. }) => {
                let _ = effect.await;
                Err(E::after())
            }
            Some(Cut { side: Side::After, way: Way::Dies, .. }) => {
                let _ = effect.await;
                self.die().await
            }
        }
    }

    fn next(&self, name: &'static str) -> (Option<Cut>, Option<Meanwhile>) {
        let mut state = self.state.lock().unwrap();
        let number = state.calls.len();
        state.calls.push(name);
        let cut = state.cuts.iter().copied().find(|cut| cut.call == number);
        state.met += usize::from(cut.is_some());
        let due = state.meanwhile.as_ref().is_some_and(|(call, _)| *call == number);
        (cut, if due { state.meanwhile.take().map(|(_, meanwhile)| meanwhile) } else { None })
    }

    async fn die<T>(&self) -> T {
        self.dead.notify_one();
        std::future::pending().await
    }

    /// Runs a process until it ends or dies. `None`: it died.
    pub async fn process<T>(&self, process: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            ended = process => Some(ended),
            () = self.dead.notified() => None,
        }
    }
}
