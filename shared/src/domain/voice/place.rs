//! Where a call stands that is steered by commands. It travels with the call at the provider, so that each
//! event says by itself what it is the end of: nothing is kept between two events.

use super::script::Moment;
use crate::domain::call::CallRef;
use crate::domain::ids::ProviderSid;

/// What we give a provider to send back with every later event of a leg.
///
/// Its text is the opaque id of the call, and after a dot where the leg stands: `….b0`, the first verb of
/// the first moment; `….r.{leg}`, rung for that leg; `….q.{leg}`, rung for it and to be asked for a key. The
/// opaque id alone is a leg that was not told anything yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallState {
    /// The call.
    pub call: CallRef,
    /// Where the leg stands.
    pub place: Place,
}

/// Where a leg stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It was not told anything yet.
    Start,
    /// Under way is one verb of a moment's script.
    At {
        /// The moment.
        moment: Moment,
        /// Which verb, from 0.
        verb: u8,
    },
    /// It was rung for another one.
    Rung {
        /// The leg that waits for it.
        parent: ProviderSid,
        /// Whoever answers is asked for a key.
        screened: bool,
    },
}

/// The moments at which a script may begin, each with its letter.
const MOMENTS: [(Moment, &str); 6] = [
    (Moment::Begin, "b"),
    (Moment::DialEnded { joined: false }, "d"),
    (Moment::DialEnded { joined: true }, "j"),
    (Moment::Recorded, "m"),
    (Moment::StreamEnded { failed: true }, "f"),
    (Moment::StreamEnded { failed: false }, "s"),
];

impl CallState {
    /// As it travels.
    pub fn to_text(&self) -> String {
        let id = self.call.to_opaque();
        match &self.place {
            Place::Start => id,
            place => format!("{id}.{}", place.to_text()),
        }
    }

    /// Reads it back; `None` for anything that [`CallState::to_text`] did not make.
    pub fn read(text: &str) -> Option<Self> {
        let (id, place) = match text.split_once('.') {
            None => (text, Place::Start),
            Some((id, place)) => (id, Place::read(place)?),
        };
        Some(Self { call: CallRef::from_opaque(id)?, place })
    }
}

impl Place {
    /// Short, and different for each place; empty at the start.
    pub fn to_text(&self) -> String {
        match self {
            Self::Start => String::new(),
            Self::At { moment, verb } => {
                let letter = MOMENTS.iter().find(|(known, _)| known == moment).map_or("x", |(_, name)| name);
                format!("{letter}{verb}")
            }
            Self::Rung { parent, screened: false } => format!("r.{parent}"),
            Self::Rung { parent, screened: true } => format!("q.{parent}"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        if let Some((kind, parent)) = text.split_once('.') {
            let screened = match kind {
                "r" => false,
                "q" => true,
                _ => return None,
            };
            return Some(Self::Rung { parent: parent.parse().ok()?, screened });
        }
        let place = MOMENTS.iter().find_map(|(moment, letter)| {
            let verb = text.strip_prefix(letter)?.parse().ok()?;
            Some(Self::At { moment: *moment, verb })
        })?;
        // `+1` and `01` are numbers, and nothing that we wrote.
        (place.to_text() == text).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::{CallState, MOMENTS, Place};
    use crate::domain::call::CallRef;
    use crate::domain::ids::CallId;
    use proptest::prelude::*;

    fn places() -> impl Strategy<Value = Place> {
        let sid = "[A-Za-z0-9._-]{1,64}";
        prop_oneof![
            Just(Place::Start),
            (0..MOMENTS.len(), any::<u8>()).prop_map(|(at, verb)| Place::At { moment: MOMENTS[at].0, verb }),
            (sid, any::<bool>())
                .prop_map(|(sid, screened)| Place::Rung { parent: sid.parse().unwrap(), screened }),
        ]
    }

    proptest! {
        #[test]
        fn what_travels_reads_back(bits: u128, tenant in "[A-Za-z0-9._@-]{1,64}", place in places()) {
            let call = CallRef { tenant: tenant.parse().unwrap(), call: CallId::from_bits(bits) };
            let state = CallState { call: call.clone(), place };
            let text = state.to_text();
            prop_assert_eq!(CallState::read(&text), Some(state));
            prop_assert_eq!(CallState::read(&call.to_opaque()).map(|state| state.place), Some(Place::Start));
        }

        #[test]
        fn what_is_read_is_what_was_written(place in "[a-z.+0-9 ]{0,8}") {
            let call = CallRef { tenant: "demo".parse().unwrap(), call: CallId::from_bits(7) };
            let text = format!("{}.{place}", call.to_opaque());
            if let Some(state) = CallState::read(&text) {
                prop_assert_eq!(state.to_text(), text);
            }
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = CallState::read(&text);
        }
    }

    #[test]
    fn what_we_did_not_write_is_not_read() {
        let call = CallRef { tenant: "demo".parse().unwrap(), call: CallId::from_bits(7) };
        let id = call.to_opaque();
        for place in ["", "b", "b01", "b+1", "b256", "x0", "b0 ", "B0", "r", "r.", "z.leg-1", "b0.leg-1"] {
            assert_eq!(CallState::read(&format!("{id}.{place}")), None, "{place}");
        }
    }
}
