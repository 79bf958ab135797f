//! What every handler shares: the state behind one mutex, and the means to wake the clock.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, routing::any};
use tokio::sync::Notify;

use crate::{clock::Mode, control, hooks, json_api, media, seed::Seed, state::State, twilio_compat};

pub(crate) struct Settings {
    /// `http://127.0.0.1:PORT`
    pub(crate) base: String,
    /// Origin of the media CDN; the same unless it has a port of its own.
    pub(crate) cdn: String,
    pub(crate) cdn_apart: bool,
    pub(crate) mode: Mode,
    pub(crate) step_ms: u64,
    pub(crate) seed: Option<Seed>,
}

pub(crate) struct App {
    state: Mutex<State>,
    pub(crate) settings: Settings,
    /// Something was queued, or the clock changed.
    pub(crate) wake: Notify,
    /// One `advance` at a time.
    pub(crate) advancing: tokio::sync::Mutex<()>,
    running: AtomicUsize,
    pub(crate) settled: Notify,
}

pub(crate) type Shared = Arc<App>;

impl App {
    pub(crate) fn new(settings: Settings) -> Result<Shared, String> {
        let state = State::new(&settings)?;
        Ok(Arc::new(Self {
            state: Mutex::new(state),
            settings,
            wake: Notify::new(),
            advancing: tokio::sync::Mutex::new(()),
            running: AtomicUsize::new(0),
            settled: Notify::new(),
        }))
    }

    /// Never held across an await.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an event that runs beside its caller, until the guard is dropped.
    pub(crate) fn start_running(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::SeqCst);
        Running(self.clone())
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::SeqCst) > 0
    }
}

pub(crate) struct Running(Shared);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        self.0.settled.notify_waiters();
    }
}

pub(crate) fn router(app: Shared) -> Router {
    let hooks = Router::new().route("/_hooks/{name}", any(hooks::receive)).with_state(app.clone());
    let router = Router::new()
        .nest("/_sim", control::router(app.clone()))
        .merge(hooks)
        .merge(json_api::router(app.clone()))
        .fallback_service(twilio_compat::router(app.clone()));
    // With a CDN port the main origin has no CDN, so that following the redirect means leaving it.
    if app.settings.cdn_apart { router } else { router.merge(media::cdn::router(app)) }
}
