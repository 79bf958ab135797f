//! Media on a bucket of a few lines: what is asked of S3, in which order, and what is left behind.
#![allow(clippy::unwrap_used, reason = "this is a test as a whole")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use telephony::ports::{ByteStream, MediaLinks, MediaStore, PutError, StreamBroken};
use telephony_aws::Bucket;

#[derive(Debug, Default)]
struct State {
    calls: Vec<String>,
    parts: BTreeMap<u32, usize>,
    visible: Option<usize>,
    headers: Vec<(String, String)>,
    fail_part: Option<u32>,
}

#[derive(Clone, Debug, Default)]
struct Fake(Arc<Mutex<State>>);

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut state = self.0.lock().unwrap();
        let query = request.uri().split_once('?').map_or("", |(_, query)| query).to_owned();
        let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
        let number =
            query.split('&').find_map(|pair| pair.strip_prefix("partNumber=")).and_then(|n| n.parse().ok());
        let size = request.body().bytes().map_or(0, <[u8]>::len);
        let (call, body) = match (request.method(), number) {
            ("POST", _) if has("uploads") => (
                "create",
                "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>",
            ),
            ("POST", _) => {
                state.visible = Some(state.parts.values().sum());
                ("complete", "<CompleteMultipartUploadResult/>")
            }
            ("PUT", Some(number)) => {
                state.parts.insert(number, size);
                ("part", "")
            }
            ("PUT", None) => {
                state.visible = Some(size);
                ("put", "")
            }
            ("DELETE", _) => {
                state.parts.clear();
                ("abort", "")
            }
            other => (other.0, ""),
        };
        if call == "put" || call == "create" {
            state.headers = request.headers().iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        }
        let call = call.to_owned();
        state.calls.push(call);
        let failed = number.is_some() && number == state.fail_part;
        let status = if failed { 403_u16 } else { 200 };
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        response.headers_mut().insert("etag", "\"tag\"");
        HttpConnectorFuture::ready(Ok(response))
    }
}

fn bucket(fake: &Fake) -> Bucket {
    let fake = fake.clone();
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .request_checksum_calculation(aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired)
        .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(fake.clone())))
        .build();
    Bucket::new(Client::from_conf(config), "media")
}

/// `size` bytes in chunks of 64 KiB; then, perhaps, a break.
fn stream(size: usize, broken: bool) -> ByteStream {
    const CHUNK: usize = 64 * 1024;
    let chunks =
        (0..size.div_ceil(CHUNK)).map(move |i| Ok(Bytes::from(vec![7; CHUNK.min(size - i * CHUNK)])));
    let end = broken.then(|| Err(StreamBroken("too large".into())));
    Box::pin(futures_util::stream::iter(chunks.chain(end)))
}

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_small_object_is_one_call_and_private_and_saved_not_shown() {
    let fake = Fake::default();
    for size in [0, 1, 5 * MIB - 1] {
        let stored = bucket(&fake).put("mms/demo/_/SM1_0.jpg", "image/jpeg", stream(size, false)).await;
        assert_eq!(stored, Ok(size as u64));
        assert_eq!(fake.0.lock().unwrap().visible, Some(size));
    }
    let state = fake.0.lock().unwrap();
    assert_eq!(state.calls, ["put", "put", "put"]);
    let header = |name: &str| state.headers.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
    assert_eq!(header("content-type"), Some("image/jpeg"));
    assert_eq!(header("content-disposition"), Some("attachment"));
    assert_eq!(header("x-amz-acl"), None);
}

#[tokio::test]
async fn a_large_object_goes_in_parts() {
    for (size, parts) in [(5 * MIB, vec![5 * MIB]), (12 * MIB + 3, vec![5 * MIB, 5 * MIB, 2 * MIB + 3])] {
        let fake = Fake::default();
        assert_eq!(bucket(&fake).put("key", "video/mp4", stream(size, false)).await, Ok(size as u64));
        let state = fake.0.lock().unwrap();
        assert_eq!(state.parts.values().copied().collect::<Vec<_>>(), parts);
        assert_eq!(state.visible, Some(size));
        assert_eq!(state.calls.last().map(String::as_str), Some("complete"));
    }
}

#[tokio::test]
async fn a_stream_that_breaks_leaves_nothing() {
    for (size, calls) in [(MIB, vec![]), (7 * MIB, vec!["create", "part", "abort"])] {
        let fake = Fake::default();
        let broken = bucket(&fake).put("key", "video/mp4", stream(size, true)).await;
        assert_eq!(broken, Err(PutError::Source(StreamBroken("too large".into()))));
        let state = fake.0.lock().unwrap();
        assert_eq!((&state.calls, state.visible), (&calls.into_iter().map(str::to_owned).collect(), None));
    }
}

#[tokio::test]
async fn a_part_that_fails_ends_the_upload() {
    let fake = Fake::default();
    fake.0.lock().unwrap().fail_part = Some(2);
    let failed = bucket(&fake).put("key", "video/mp4", stream(11 * MIB, false)).await;
    assert!(matches!(failed, Err(PutError::Store(_))));
    let state = fake.0.lock().unwrap();
    assert_eq!((state.calls.last().map(String::as_str), state.visible), (Some("abort"), None));
}

#[tokio::test]
async fn a_link_is_good_for_five_minutes_and_needs_no_call() {
    let fake = Fake::default();
    let link = bucket(&fake).link("mms/demo/_/SM 1_0.jpg").await.unwrap();
    assert!(link.contains("mms/demo/_/SM%201_0.jpg") && link.contains("X-Amz-Expires=300"), "{link}");
    assert!(fake.0.lock().unwrap().calls.is_empty());
}
