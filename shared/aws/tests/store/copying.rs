//! Copies of recordings: waited for, looked at, kept once, and given up in the end.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use telephony::app::copy_media::{Download, DownloadError, Downloader};
use telephony::app::copy_recording::CopyRecording;
use telephony::app::sweep::Sweep;
use telephony::domain::address::Address;
use telephony::domain::ids::{AccountId, CallId, TenantId};
use telephony::domain::message::MediaCopy;
use telephony::domain::recording::{RecordingId, RecordingSource, RecordingStatus, Transcription};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{
    Accounts, ByteStream, Candidates, Clock as _, Job, MediaStore, PutError, Queue, RecordingChange,
    RecordingRecords, RecordingState, StoreError, Whose,
};
use telephony::provider::account::ProviderAccount;
use telephony::provider::media::MediaRequest;
use telephony::provider::{Environment, ProviderId};
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::TWILIO;

use crate::support::clock::{Counting, FakeClock};
use crate::support::samples::{at, tenant};
use crate::support::{Table, table};

const MP3: &[u8] = &[0xFF, 0xFB, 0x18, 0xC0, 0, 0, 0, 0];
const SID: &str = "RE00000000000000000000000000000001";

/// Everything outside of the store: the provider's files, the bucket, the queue, and who the account is.
#[derive(Default)]
struct Outside {
    answers: Mutex<VecDeque<Result<&'static [u8], DownloadError>>>,
    asked: Mutex<Vec<String>>,
    kept: Mutex<BTreeMap<String, (String, Bytes)>>,
    jobs: Mutex<Vec<(Job, Duration)>>,
}

#[async_trait]
impl Downloader for Outside {
    async fn download(&self, request: &MediaRequest) -> Result<Download, DownloadError> {
        assert!(request.authorization.is_some());
        self.asked.lock().unwrap().push(request.url.to_string());
        let bytes = self.answers.lock().unwrap().pop_front().unwrap()?;
        // In pieces, as they come.
        let pieces = bytes.chunks(3).map(|piece| Ok(Bytes::from_static(piece)));
        Ok(Download { stream: Box::pin(stream::iter(pieces.collect::<Vec<_>>())) })
    }
}

#[async_trait]
impl MediaStore for Outside {
    async fn put(&self, key: &str, content_type: &str, mut stream: ByteStream) -> Result<u64, PutError> {
        let mut whole = BytesMut::new();
        while let Some(piece) = stream.next().await {
            whole.extend_from_slice(&piece?);
        }
        let size = u64::try_from(whole.len()).unwrap();
        self.kept.lock().unwrap().insert(key.to_owned(), (content_type.to_owned(), whole.freeze()));
        Ok(size)
    }
}

#[async_trait]
impl Queue for Outside {
    async fn enqueue(&self, job: &Job, delay: Duration) -> Result<(), StoreError> {
        self.jobs.lock().unwrap().push((job.clone(), delay));
        Ok(())
    }
}

#[async_trait]
impl Accounts for Outside {
    async fn candidates(&self, _: ProviderId, _: &[String], _: Whose) -> Result<Candidates, StoreError> {
        Ok(Candidates { accounts: Vec::new(), named: false })
    }

    async fn account(&self, _: &TenantId, id: &AccountId) -> Result<Option<ProviderAccount>, StoreError> {
        Ok(Some(TWILIO.account()).filter(|account| account.id == *id))
    }

    async fn refresh(&self) {}

    async fn next_key_used(&self, _: &ProviderAccount, _: Timestamp) {}
}

struct Desk {
    table: Table,
    outside: Arc<Outside>,
    clock: Arc<FakeClock>,
    copy: CopyRecording,
}

fn id() -> RecordingId {
    RecordingId { call: CallId::derived(&["call"]), sid: SID.parse().unwrap() }
}

fn made(source: RecordingSource, status: RecordingStatus) -> RecordingChange {
    RecordingChange {
        tenant: tenant("demo"),
        id: id(),
        account: TWILIO.account().id,
        provider: TWILIO.provider,
        leg: "CA00000000000000000000000000000001".parse().unwrap(),
        source,
        from: Address::parse("+14155550199"),
        to: Address::parse("+14155550100"),
        user: Some("user-1".parse().unwrap()),
        state: Some(RecordingState { status, channels: Some(1), duration: Some(7) }),
        transcription: Transcription::None,
        at: at(0),
    }
}

async fn desk(change: &RecordingChange, answers: Vec<Result<&'static [u8], DownloadError>>) -> Desk {
    let table = table().await;
    table.store.merge_recording(change).await.unwrap();
    let outside = Arc::new(Outside { answers: Mutex::new(answers.into()), ..Outside::default() });
    let clock = Arc::new(FakeClock::new(at(1)));
    let copy = CopyRecording {
        records: Arc::new(table.store.clone()),
        accounts: outside.clone(),
        // Nothing is asked of the provider but the file.
        transport: Arc::new(ReplayTransport::new()),
        downloader: outside.clone(),
        store: outside.clone(),
        queue: outside.clone(),
        clock: clock.clone(),
        random: Arc::new(Counting::default()),
        environment: Environment::default(),
    };
    Desk { table, outside, clock, copy }
}

impl Desk {
    async fn work(&self) {
        self.copy.copy(&tenant("demo"), &id()).await.unwrap();
    }

    async fn state(&self) -> MediaCopy {
        self.table.store.recording(&tenant("demo"), &id()).await.unwrap().unwrap().copy
    }

    fn kept(&self) -> Vec<String> {
        self.outside.kept.lock().unwrap().keys().cloned().collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_is_kept_under_its_documented_key_and_fetched_once() {
    const WAV: &[u8] = b"RIFF\x24\0\0\0WAVEfmt and more of it";
    for (source, bytes, key, content_type) in [
        (RecordingSource::Call, MP3, format!("recordings/demo/user-1/{SID}.mp3"), "audio/mpeg"),
        (
            RecordingSource::Message,
            b"ID3 and more".as_slice(),
            format!("voicemails/demo/user-1/{SID}.mp3"),
            "audio/mpeg",
        ),
        (RecordingSource::Message, WAV, format!("voicemails/demo/user-1/{SID}.wav"), "audio/wav"),
    ] {
        let desk = desk(&made(source, RecordingStatus::Completed), vec![Ok(bytes)]).await;
        desk.work().await;
        desk.work().await;
        let size = u64::try_from(bytes.len()).unwrap();
        let stored = MediaCopy::Stored { key: key.clone(), content_type: content_type.into(), size };
        assert_eq!(desk.state().await, stored);
        let kept = desk.outside.kept.lock().unwrap().clone();
        assert_eq!(kept.get(&key), Some(&(content_type.to_owned(), Bytes::from_static(bytes))));
        let asked = desk.outside.asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 1);
        assert!(asked[0].ends_with(&format!("/Recordings/{SID}.mp3")), "{asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_s_sound_is_kept_under_nobody() {
    let change = RecordingChange { user: None, ..made(RecordingSource::Call, RecordingStatus::Completed) };
    let desk = desk(&change, vec![Ok(MP3)]).await;
    desk.work().await;
    assert_eq!(desk.kept(), [format!("recordings/demo/_/{SID}.mp3")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_sound_is_waited_for_and_never_kept() {
    let odd: [&[u8]; 5] = [
        b"<?xml version='1.0' encoding='UTF-8'?><TwilioResponse><RestException/></TwilioResponse>",
        b"{\"status\":404}",
        b"",
        b"\xFF\xD8\xFF\xE0 a picture",
        b"RIFF\x24\0\0\0AVI LIST",
    ];
    let answers = odd.into_iter().map(Ok).chain([Err(DownloadError::Later), Ok(MP3)]).collect();
    let desk = desk(&made(RecordingSource::Message, RecordingStatus::Completed), answers).await;
    for tries in 1..=6 {
        desk.work().await;
        assert_eq!((desk.state().await, desk.kept()), (MediaCopy::Pending, vec![]));
        let jobs = desk.outside.jobs.lock().unwrap().clone();
        assert_eq!(jobs.len(), tries);
        let (job, wait) = jobs.last().unwrap();
        let wanted = Job::CopyRecording { tenant: tenant("demo"), call: id().call, recording: id().sid };
        assert_eq!(*job, wanted);
        // The net looks only after the job has had its turn.
        let due = desk.table.store.overdue_recordings(desk.clock.now().plus(*wait), 10).await.unwrap();
        assert_eq!(due, []);
        desk.clock.reach(desk.clock.now().plus(*wait));
    }
    desk.work().await;
    assert_eq!(desk.kept(), [format!("voicemails/demo/user-1/{SID}.mp3")]);
    assert_eq!(desk.table.store.overdue_recordings(at(100_000), 10).await, Ok(vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_comes_is_given_up() {
    let of_call = || made(RecordingSource::Call, RecordingStatus::Completed);
    let desk_of = async |answer| desk(&of_call(), vec![Err(answer)]).await;
    let failed = |reason: &str| MediaCopy::Failed { reason: reason.to_owned() };
    let gone = desk_of(DownloadError::Never("gone")).await;
    gone.work().await;
    assert_eq!(gone.state().await, failed("gone"));
    let late = desk_of(DownloadError::Later).await;
    late.clock.reach(at(3601));
    late.work().await;
    assert_eq!(late.state().await, failed("never_ready"));
    assert!(late.outside.jobs.lock().unwrap().is_empty());
    let change = RecordingChange { account: "gone-twilio".parse().unwrap(), ..of_call() };
    let nobodys = desk(&change, vec![]).await;
    nobodys.work().await;
    assert_eq!(nobodys.state().await, failed("no_account"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_made_is_not_fetched() {
    for status in [RecordingStatus::InProgress, RecordingStatus::Absent, RecordingStatus::Failed] {
        let desk = desk(&made(RecordingSource::Message, status), vec![]).await;
        desk.work().await;
        assert_eq!(desk.state().await, MediaCopy::Pending);
        assert!(desk.outside.jobs.lock().unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_forgot_the_sweeper_hands_out_once() {
    let desk = desk(&made(RecordingSource::Message, RecordingStatus::Completed), vec![]).await;
    let store = Arc::new(desk.table.store.clone());
    let sweep = Sweep {
        pending: store.clone(),
        media: store.clone(),
        recordings: store.clone(),
        deliveries: store,
        queue: desk.outside.clone(),
    };
    assert_eq!(sweep.sweep(at(59)).await, Ok(0));
    assert_eq!(sweep.sweep(at(61)).await, Ok(1));
    assert_eq!(sweep.sweep(at(62)).await, Ok(0));
    let jobs = desk.outside.jobs.lock().unwrap().clone();
    let wanted = Job::CopyRecording { tenant: tenant("demo"), call: id().call, recording: id().sid };
    assert_eq!(jobs, [(wanted, Duration::ZERO)]);
    assert_eq!(sweep.sweep(at(400)).await, Ok(1));
}
