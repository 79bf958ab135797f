//! Lets several processes take turns at their requests, in an order drawn from a seed: one request at a
//! time, and the next is chosen when every process waits for its turn or has ended.

use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

struct State {
    seed: u64,
    /// Processes that are between two requests.
    busy: usize,
    waiting: Vec<oneshot::Sender<()>>,
}

/// The turns. Cheap to clone.
#[derive(Clone)]
pub struct Turns(Arc<Mutex<State>>);

impl Turns {
    /// Of so many processes.
    pub fn new(processes: usize, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State { seed: seed | 1, busy: processes, waiting: Vec::new() })))
    }

    /// Waits for a turn.
    pub async fn take(&self) {
        let (sender, turn) = oneshot::channel();
        {
            let mut state = self.0.lock().unwrap();
            state.waiting.push(sender);
            state.busy -= 1;
            state.next();
        }
        turn.await.unwrap();
    }

    /// A process has ended.
    pub fn leave(&self) {
        let mut state = self.0.lock().unwrap();
        state.busy -= 1;
        state.next();
    }
}

impl State {
    fn next(&mut self) {
        if self.busy > 0 || self.waiting.is_empty() {
            return;
        }
        // xorshift: any even spread will do, as long as a seed plays the same order again.
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        let count = u64::try_from(self.waiting.len()).unwrap();
        let chosen = usize::try_from(self.seed % count).unwrap();
        self.busy += 1;
        self.waiting.swap_remove(chosen).send(()).unwrap();
    }
}
