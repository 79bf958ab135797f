//! Recordings: any order and any repetition of reports ends in the same one, and nobody reports on another's.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use telephony::app::project::{Change, recording_change};
use telephony::app::voice::recordings::{Kept, RecordRecording};
use telephony::domain::address::Address;
use telephony::domain::call::{Call, CallDirection, CallRef, CallStatus, Dialled};
use telephony::domain::ids::{CallId, NumberId};
use telephony::domain::message::MediaCopy;
use telephony::domain::recording::{
    MailboxState, Recording, RecordingId, RecordingSource, RecordingStatus, Transcription,
};
use telephony::domain::voice::plan::{Otherwise, Plan};
use telephony::ports::{CallHistory, CallRecords, LegChange, Merged, RecordingRecords, Voicemails};
use telephony::provider::recordings::{RecordingEnd, RecordingOf, RecordingReady, Transcribed};
use telephony::provider::webhooks::WebhookKind;
use telephony_testkit::webhooks::{SIGNALWIRE, TWILIO};

use crate::support::samples::*;
use crate::support::{Table, table};

const LEG: &str = "CA00000000000000000000000000000001";
const SID: &str = "RE00000000000000000000000000000001";

fn reference() -> CallRef {
    CallRef { tenant: tenant("demo"), call: CallId::derived(&["call", "1"]) }
}

fn name(n: u32) -> RecordingId {
    RecordingId { call: reference().call, sid: format!("RE{n:032}").parse().unwrap() }
}

fn call(plan: Option<Plan>) -> Call {
    Call {
        id: reference().call,
        tenant: tenant("demo"),
        direction: CallDirection::Inbound,
        provider: TWILIO.provider,
        account: TWILIO.account().id,
        number: NumberId::derived(&["n"]),
        from: Address::parse("+14155550199"),
        to: Address::parse("+14155550100"),
        user: Some("user-1".parse().unwrap()),
        agent: None,
        own_account: false,
        lead: None,
        plan,
        created_at: at(0),
    }
}

struct Desk {
    table: Table,
    record: RecordRecording,
}

async fn desk(plan: Option<Plan>) -> Desk {
    let table = table().await;
    let store = Arc::new(table.store.clone());
    store.open(&call(plan)).await.unwrap();
    let record = RecordRecording { calls: store.clone(), recordings: store.clone(), inbox: store };
    Desk { table, record }
}

fn ready(end: RecordingEnd, of: RecordingOf) -> RecordingReady {
    let made = end == RecordingEnd::Completed;
    RecordingReady {
        end,
        of,
        event_id: None,
        recording: Some(SID.parse().unwrap()),
        call: LEG.parse().unwrap(),
        session: None,
        callback_id: Some(reference().to_opaque()),
        url: None,
        channels: Some(1),
        duration: Some(Duration::from_millis(if made { 6_001 } else { 0 })),
        at: None,
    }
}

fn said(text: Option<&str>) -> Transcribed {
    Transcribed {
        recording: SID.parse().unwrap(),
        call: LEG.parse().unwrap(),
        callback_id: Some(reference().to_opaque()),
        text: text.map(str::to_owned),
    }
}

/// What a provider may tell of one message, whatever of it is true.
const REPORTS: usize = 6;

impl Desk {
    async fn report(&self, n: usize, second: i64) -> Kept {
        let (account, kind, now) = (TWILIO.account(), WebhookKind::VoicemailRecording, at(second));
        let ends =
            [RecordingEnd::InProgress, RecordingEnd::Absent, RecordingEnd::Failed, RecordingEnd::Completed];
        match n {
            0..4 => {
                let ready = ready(ends[n], RecordingOf::Message);
                self.record.ready(&account, kind, &ready, now).await.unwrap()
            }
            4 => self.record.transcribed(&account, kind, &said(Some("Call me")), now).await.unwrap(),
            _ => self.record.transcribed(&account, kind, &said(None), now).await.unwrap(),
        }
    }

    /// The one recording, without the times of the reports.
    async fn only(&self) -> Recording {
        let view = self.table.store.view(&reference()).await.unwrap().unwrap();
        assert_eq!(view.recordings.len(), 1);
        let one = view.recordings[0].clone();
        let read = self.table.store.recording(&tenant("demo"), &one.id).await.unwrap();
        assert_eq!(read.as_ref(), Some(&one));
        Recording { created_at: at(0), updated_at: at(0), ..one }
    }

    async fn listed(&self, of: &str) -> Vec<RecordingId> {
        let page = self.table.store.voicemails(&tenant(of), &page(10)).await.unwrap();
        page.items.into_iter().map(|message| message.id).collect()
    }
}

fn page(limit: u32) -> telephony::ports::PageRequest {
    telephony::ports::PageRequest { limit, cursor: None }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_order_and_any_repetition_end_in_the_same_message(
        order in Just((0..REPORTS).collect::<Vec<usize>>()).prop_shuffle(),
        again in prop::collection::vec(0_usize..REPORTS, 0..REPORTS),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let desk = desk(Some(Plan::Voicemail)).await;
            for (second, report) in order.into_iter().chain(again).enumerate() {
                assert_eq!(desk.report(report, i64::try_from(second).unwrap()).await, Kept::Recorded);
            }
            let one = desk.only().await;
            assert_eq!((one.status, one.duration, one.channels), (RecordingStatus::Completed, Some(7), Some(1)));
            assert_eq!(one.transcription, Transcription::Text("Call me".into()));
            assert_eq!((one.source, one.mailbox), (RecordingSource::Message, MailboxState::New));
            assert_eq!(desk.listed("demo").await, [name(1)]);
            assert_eq!(desk.listed("rival").await, []);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_no_sound_is_no_message() {
    let desk = desk(Some(Plan::Voicemail)).await;
    for (report, status) in [
        (0, RecordingStatus::InProgress),
        (1, RecordingStatus::Absent),
        (2, RecordingStatus::Failed),
        (1, RecordingStatus::Failed),
    ] {
        desk.report(report, 1).await;
        assert_eq!(desk.only().await.status, status);
        assert_eq!(desk.listed("demo").await, []);
        let filed = MailboxState::Listened;
        let none = desk.table.store.file_voicemail(&tenant("demo"), &name(1), filed, at(2)).await;
        assert_eq!(none, Ok(None));
    }
    assert_eq!(desk.table.store.overdue_recordings(at(100_000), 10).await, Ok(vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reports_on_the_calls_of_another_account() {
    let desk = desk(Some(Plan::Voicemail)).await;
    let stranger = SIGNALWIRE.account();
    let made = ready(RecordingEnd::Completed, RecordingOf::Message);
    let kind = WebhookKind::VoicemailRecording;
    assert_eq!(desk.record.ready(&stranger, kind, &made, at(1)).await, Ok(Kept::Unrouted));
    let told = desk.record.transcribed(&stranger, WebhookKind::Transcription, &said(Some("Hi")), at(1)).await;
    assert_eq!(told, Ok(Kept::Unrouted));
    let other = CallRef { tenant: tenant("rival"), ..reference() };
    for callback_id in [None, Some("nothing".to_owned()), Some(other.to_opaque())] {
        let made = RecordingReady { callback_id, ..made.clone() };
        assert_eq!(desk.record.ready(&TWILIO.account(), kind, &made, at(1)).await, Ok(Kept::Unrouted));
    }
    let view = desk.table.store.view(&reference()).await.unwrap().unwrap();
    assert_eq!((view.recordings, desk.listed("demo").await), (vec![], vec![]));
    // Not even with the store's own words.
    desk.report(3, 1).await;
    let stolen = telephony::ports::RecordingChange {
        tenant: tenant("demo"),
        id: name(1),
        account: stranger.id,
        provider: stranger.provider,
        leg: LEG.parse().unwrap(),
        source: RecordingSource::Message,
        from: Address::parse("+14155550198"),
        to: Address::parse("+14155550100"),
        user: None,
        state: None,
        transcription: Transcription::Text("forged".into()),
        at: at(2),
    };
    assert_eq!(desk.table.store.merge_recording(&stolen).await, Ok(Merged::Foreign));
    assert_eq!(desk.only().await.transcription, Transcription::None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_costs_one_read_and_one_write() {
    let desk = desk(Some(Plan::Voicemail)).await;
    for report in [3, 3, 0, 4] {
        desk.table.meter.reset();
        desk.report(report, 1).await;
        assert_eq!(desk.table.meter.take().requests, 2, "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_waits_for_its_copy_and_the_first_final_state_stays() {
    let desk = desk(Some(Plan::Voicemail)).await;
    let (store, demo) = (&desk.table.store, tenant("demo"));
    let due = async |second| {
        let due = store.overdue_recordings(at(second), 10).await.unwrap();
        due.into_iter().map(|waiting| (waiting.tenant, waiting.id)).collect::<Vec<_>>()
    };
    desk.report(3, 0).await;
    assert_eq!(due(50).await, [], "the stream comes first");
    assert_eq!(due(61).await, [(demo.clone(), name(1))]);
    store.set_recording_due(&demo, &name(1), at(400)).await.unwrap();
    assert_eq!(due(61).await, []);
    let stored = MediaCopy::Stored { key: "k".into(), content_type: "audio/mpeg".into(), size: 3 };
    store.set_recording_copy(&demo, &name(1), &stored, at(70)).await.unwrap();
    let failed = MediaCopy::Failed { reason: "gone".into() };
    store.set_recording_copy(&demo, &name(1), &failed, at(71)).await.unwrap();
    store.set_recording_due(&demo, &name(1), at(80)).await.unwrap();
    desk.report(3, 72).await;
    assert_eq!(desk.only().await.copy, stored);
    assert_eq!(due(100_000).await, []);
    // Nothing is made by a copy, or a mark, of what is not there.
    store.set_recording_copy(&demo, &name(2), &stored, at(70)).await.unwrap();
    store.set_recording_due(&demo, &name(2), at(80)).await.unwrap();
    assert_eq!(store.recording(&demo, &name(2)).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_listened_to_once_and_may_be_new_again() {
    let desk = desk(Some(Plan::Voicemail)).await;
    desk.report(3, 0).await;
    let file = async |of: &str, state, second| {
        let filed = desk.table.store.file_voicemail(&tenant(of), &name(1), state, at(second)).await.unwrap();
        filed.map(|message| (message.mailbox, message.listened_at))
    };
    assert_eq!(file("rival", MailboxState::Listened, 1).await, None);
    let listened = (MailboxState::Listened, Some(at(2)));
    assert_eq!(file("demo", MailboxState::Listened, 2).await, Some(listened));
    assert_eq!(file("demo", MailboxState::Listened, 3).await, Some(listened));
    let archived = (MailboxState::Archived, Some(at(2)));
    assert_eq!(file("demo", MailboxState::Archived, 4).await, Some(archived));
    assert_eq!(file("demo", MailboxState::New, 5).await, Some((MailboxState::New, None)));
    // What the provider repeats files nothing anew.
    file("demo", MailboxState::Archived, 6).await;
    desk.report(3, 7).await;
    desk.report(4, 7).await;
    assert_eq!(desk.only().await.mailbox, MailboxState::Archived);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_provider_does_not_say_the_call_does() {
    let forward =
        |otherwise| Plan::Forward { to: "+14155550111".into(), screened: false, agent: None, otherwise };
    for (plan, joined, expected) in [
        (Some(Plan::Voicemail), None, RecordingSource::Message),
        (Some(forward(Otherwise::Voicemail)), None, RecordingSource::Message),
        (Some(forward(Otherwise::Voicemail)), Some(false), RecordingSource::Message),
        (Some(forward(Otherwise::Voicemail)), Some(true), RecordingSource::Call),
        (Some(forward(Otherwise::Apology)), None, RecordingSource::Call),
        (None, None, RecordingSource::Call),
    ] {
        let desk = desk(plan.clone()).await;
        let change = LegChange {
            account: TWILIO.account().id,
            provider: TWILIO.provider,
            sid: LEG.parse().unwrap(),
            control_id: None,
            session: None,
            parent: None,
            from: None,
            to: None,
            dialled: joined.map(|joined| Dialled { status: CallStatus::Completed, joined }),
            screened: None,
            stream_failed: false,
            status: None,
            answered_at: None,
            answered_by: None,
            signature: None,
            duration: None,
            cost: None,
            at: at(0),
        };
        desk.table.store.merge_leg(&reference(), &change).await.unwrap();
        // Without a name of its own it goes by its leg's.
        let made = RecordingReady { recording: None, ..ready(RecordingEnd::Completed, RecordingOf::Unknown) };
        desk.record.ready(&TWILIO.account(), WebhookKind::Events, &made, at(1)).await.unwrap();
        let one = desk.only().await;
        assert_eq!((one.source, one.id.sid.as_str()), (expected, LEG), "{plan:?} {joined:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_asked_for_once_and_told_once() {
    let desk = desk(Some(Plan::Voicemail)).await;
    desk.report(0, 0).await;
    let begun = desk.only().await;
    desk.report(3, 1).await;
    let waits = desk.only().await;
    let stored = MediaCopy::Stored { key: "k".into(), content_type: "audio/mpeg".into(), size: 3 };
    let kept = Recording { copy: stored, ..waits.clone() };
    let lost = Recording { copy: MediaCopy::Failed { reason: "gone".into() }, ..waits.clone() };
    let change =
        |now: &Recording, before: Option<&Recording>| recording_change(Box::new(now.clone()), before);
    let asked = Some(Change::RecordingMade(Box::new(waits.clone())));
    let told = Some(Change::RecordingStored(Box::new(kept.clone())));
    assert_eq!(change(&begun, None), None);
    assert_eq!((change(&waits, None), change(&waits, Some(&begun))), (asked.clone(), asked));
    // The worker's marks, a repeated report and a text that comes later ask nobody again.
    assert_eq!(change(&waits, Some(&waits)), None);
    assert_eq!(change(&kept, Some(&waits)), told);
    assert_eq!((change(&kept, Some(&kept)), change(&lost, Some(&waits))), (None, None));
}
