//! What the end of a verb leads to.

use super::verbs::ask;
use crate::domain::call::Leg;
use crate::domain::ids::ProviderSid;
use crate::domain::voice::place::Place;
use crate::domain::voice::plan::Plan;
use crate::domain::voice::script::{Moment, Setting, script};
use crate::domain::voice::verb::Verb;
use crate::provider::calling::{CallCommand, CallHappening};

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The caller's leg goes on with this verb of this moment's script.
    Next {
        /// The leg.
        caller: ProviderSid,
        /// The moment.
        moment: Moment,
        /// The verb, from 0.
        verb: usize,
    },
    /// A leg is given one command.
    Tell {
        /// What commands to it are addressed to.
        control: String,
        /// The command.
        act: CallCommand,
        /// The state that it keeps. `None`: the one that it has.
        state: Option<String>,
    },
}

/// The place that a turn leaves, which is left once.
pub(super) struct Left {
    pub(super) leg: ProviderSid,
    pub(super) place: String,
}

/// True when this can lead to anything, after the beginning: the others need no reading.
pub(super) const fn may_turn(what: &CallHappening) -> bool {
    matches!(
        what,
        CallHappening::Answered
            | CallHappening::PlaybackEnded { .. }
            | CallHappening::Digits { .. }
            | CallHappening::Stream { .. }
            | CallHappening::Ended { .. }
    )
}

/// What a script is looked at with to see which verb is under way: an agent that is being rung was reached.
pub(super) fn assumed() -> Setting {
    Setting { handed_to: Some(String::new()), ..Setting::default() }
}

/// The turn that an event of a leg leads to.
pub(super) fn turn(
    what: &CallHappening,
    sid: &ProviderSid,
    place: &Place,
    plan: &Plan,
    legs: &[Leg],
) -> Option<(Left, Turn)> {
    let left = |leg: &ProviderSid, place: String| Left { leg: leg.clone(), place };
    match place {
        Place::Start | Place::At { .. } => {
            if let CallHappening::Ended { .. } = what {
                let orphan = legs.iter().find(|leg| is_orphan(leg, sid, plan))?;
                return Some((left(&orphan.sid, "alone".to_owned()), hang_up(orphan)));
            }
            let (moment, verb) = next(what, sid, place, plan, legs)?;
            // The bare id stands for two places.
            let name =
                if moment == Moment::Begin && verb == 0 { "begin".to_owned() } else { place.to_text() };
            Some((left(sid, name), Turn::Next { caller: sid.clone(), moment, verb }))
        }
        Place::Rung { parent, screened } => {
            if let CallHappening::Ended { .. } = what {
                let moment = Moment::DialEnded { joined: joined(sid, parent, *screened, legs) };
                let next = Turn::Next { caller: parent.clone(), moment, verb: 0 };
                return Some((left(parent, "dialled".to_owned()), next));
            }
            if !screened {
                return None;
            }
            let act = screening(what, parent, plan, legs)?;
            let place = if matches!(what, CallHappening::Answered) { "screening" } else { "screened" };
            let leg = legs.iter().find(|leg| &leg.sid == sid)?;
            Some((left(sid, place.to_owned()), Turn::Tell { control: control(leg), act, state: None }))
        }
    }
}

/// A message was left: the caller's leg goes on.
pub(super) fn recorded(caller: &ProviderSid) -> (Left, Turn) {
    let next = Turn::Next { caller: caller.clone(), moment: Moment::Recorded, verb: 0 };
    (Left { leg: caller.clone(), place: "recorded".to_owned() }, next)
}

/// The script's next verb for the caller.
fn next(
    what: &CallHappening,
    sid: &ProviderSid,
    place: &Place,
    plan: &Plan,
    legs: &[Leg],
) -> Option<(Moment, usize)> {
    let (moment, at) = match (place, what) {
        (Place::Start, CallHappening::Answered) => return Some((Moment::Begin, 0)),
        // Before places were kept, the bare id was all that travelled, and all that was said was the refusal.
        (Place::Start, CallHappening::PlaybackEnded { .. }) => {
            return Some((Moment::DialEnded { joined: true }, 0));
        }
        (Place::At { moment, verb }, _) => (*moment, usize::from(*verb)),
        (Place::Start | Place::Rung { .. }, _) => return None,
    };
    let verbs = script(plan, moment, &assumed());
    match (verbs.get(at)?, what) {
        (Verb::Say(_) | Verb::Play(_), CallHappening::PlaybackEnded { .. }) => Some((moment, at + 1)),
        (Verb::Stream(_), CallHappening::Stream { state }) if state == "failed" || state == "stopped" => {
            let noted = || legs.iter().any(|leg| &leg.sid == sid && leg.stream_failed);
            Some((Moment::StreamEnded { failed: state == "failed" || noted() }, 0))
        }
        _ => None,
    }
}

/// What is asked of whoever was rung and must press a key.
fn screening(what: &CallHappening, parent: &ProviderSid, plan: &Plan, legs: &[Leg]) -> Option<CallCommand> {
    let caller = legs.iter().find(|leg| &leg.sid == parent)?;
    match what {
        CallHappening::Answered | CallHappening::Digits { .. } if caller.status.is_settled() => {
            Some(CallCommand::HangUp)
        }
        CallHappening::Answered => match script(plan, Moment::Screening, &assumed()).first() {
            Some(Verb::AskForKey(speech)) => Some(ask(speech)),
            Some(_) | None => Some(CallCommand::HangUp),
        },
        CallHappening::Digits { complete: true, .. } => Some(CallCommand::Bridge { with: control(caller) }),
        // Each key is reported, too; that none came is the end of the question.
        CallHappening::Digits { complete: false, digits } if digits.is_empty() => Some(CallCommand::HangUp),
        _ => None,
    }
}

/// Both have talked. The end of a leg may be reported before its answer: then the provider has hung up on
/// the caller, and whatever is said to nobody does no harm.
fn joined(sid: &ProviderSid, parent: &ProviderSid, screened: bool, legs: &[Leg]) -> bool {
    let of = |wanted: &ProviderSid| legs.iter().find(|leg| &leg.sid == wanted);
    let known = of(parent).and_then(|leg| leg.dialled.as_ref()).is_some_and(|dialled| dialled.joined);
    known || (!screened && of(sid).is_some_and(|leg| leg.answered_at.is_some()))
}

/// A leg that rings for a caller who is gone, and that the provider does not end by itself.
fn is_orphan(leg: &Leg, caller: &ProviderSid, plan: &Plan) -> bool {
    let screened = matches!(plan, Plan::Forward { screened: true, .. });
    screened && leg.parent.as_ref() == Some(caller) && !leg.status.is_settled()
}

fn hang_up(leg: &Leg) -> Turn {
    Turn::Tell { control: control(leg), act: CallCommand::HangUp, state: None }
}

fn control(leg: &Leg) -> String {
    leg.control_id.clone().unwrap_or_else(|| leg.sid.to_string())
}
