//! Virtual time: it follows the wall clock, or stands still until it is told to advance.

use serde::{Deserialize, Serialize};
use time::{
    Duration, OffsetDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    Real,
    Manual,
}

pub(crate) struct Clock {
    mode: Mode,
    /// How far virtual time is ahead of the wall clock while it runs.
    ahead: Duration,
    /// The instant at which it stands while it does not.
    frozen: OffsetDateTime,
}

impl Clock {
    pub(crate) fn new(mode: Mode) -> Self {
        Self { mode, ahead: Duration::ZERO, frozen: OffsetDateTime::now_utc() }
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        match self.mode {
            Mode::Real => later(OffsetDateTime::now_utc(), self.ahead),
            Mode::Manual => self.frozen,
        }
    }

    pub(crate) fn switch(&mut self, mode: Mode) {
        let now = self.now();
        self.frozen = now;
        self.ahead = now - OffsetDateTime::now_utc();
        self.mode = mode;
    }

    /// Moves to an instant; never backwards.
    pub(crate) fn move_to(&mut self, instant: OffsetDateTime) {
        let now = self.now();
        if instant > now {
            self.frozen = instant;
            self.ahead += instant - now;
        }
    }
}

/// `instant + by`, held at `instant` where the calendar ends.
pub(crate) fn later(instant: OffsetDateTime, by: Duration) -> OffsetDateTime {
    instant.checked_add(by).unwrap_or(instant)
}

/// `Thu, 24 Aug 2023 05:01:45 +0000`: the dates of Twilio's 2010 API and of SignalWire's compatibility API.
pub(crate) fn rfc2822(instant: OffsetDateTime) -> String {
    instant.format(&Rfc2822).unwrap_or_default()
}

pub(crate) fn rfc3339(instant: OffsetDateTime) -> String {
    instant.format(&Rfc3339).unwrap_or_default()
}
