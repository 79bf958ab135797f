//! Media, on S3.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream as Body;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use telephony::ports::{ByteStream, MediaLinks, MediaStore, PutError, StoreError, StreamBroken};

use crate::dynamo::failure;

/// The smallest part that S3 takes. Two are in memory at most: one leaves while the next one fills.
const PART: usize = 5 * 1024 * 1024;
const LINK_FOR: Duration = Duration::from_secs(300);
/// What a stranger sent is saved by a browser, not shown on our origin.
const DISPOSITION: &str = "attachment";

/// A bucket. It is private by its own policy; no object is given an access list.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// The bucket of this name.
    pub fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    async fn put_whole(&self, key: &str, content_type: &str, body: Bytes) -> Result<(), StoreError> {
        let request = self.client.put_object().bucket(&self.name).key(key).content_type(content_type);
        let request = request.content_disposition(DISPOSITION).body(Body::from(body));
        request.send().await.map_err(|error| failure(&error))?;
        Ok(())
    }

    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        number: i32,
        body: Bytes,
    ) -> Result<CompletedPart, StoreError> {
        let request =
            self.client.upload_part().bucket(&self.name).key(key).upload_id(upload).part_number(number);
        let answer = request.body(Body::from(body)).send().await.map_err(|error| failure(&error))?;
        Ok(CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag).build())
    }

    /// Part by part: while one leaves, the next one fills.
    async fn put_parts(
        &self,
        key: &str,
        upload: &str,
        first: Part,
        source: &mut Source,
    ) -> Result<u64, PutError> {
        let mut parts = Vec::new();
        let mut size = 0_u64;
        let mut part = first;
        for number in 1.. {
            size = size.saturating_add(u64::try_from(part.bytes.len()).unwrap_or(u64::MAX));
            let (sent, next) = if part.last {
                (self.put_part(key, upload, number, part.bytes).await, None)
            } else {
                let (sent, next) =
                    tokio::join!(self.put_part(key, upload, number, part.bytes), source.part());
                (sent, Some(next))
            };
            parts.push(sent?);
            match next.transpose()? {
                // A stream that ends exactly at a part's end has an empty rest.
                Some(next) if !next.bytes.is_empty() => part = next,
                Some(_) | None => break,
            }
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.client.complete_multipart_upload().bucket(&self.name).key(key).upload_id(upload);
        request.multipart_upload(parts).send().await.map_err(|error| failure(&error))?;
        Ok(size)
    }
}

/// A piece of the stream; `last`: nothing follows.
struct Part {
    bytes: Bytes,
    last: bool,
}

/// A stream, cut into parts.
struct Source {
    stream: ByteStream,
    rest: BytesMut,
}

impl Source {
    async fn part(&mut self) -> Result<Part, StreamBroken> {
        while self.rest.len() < PART {
            match self.stream.next().await {
                Some(chunk) => self.rest.extend_from_slice(&chunk?),
                None => return Ok(Part { bytes: self.rest.split().freeze(), last: true }),
            }
        }
        let bytes = self.rest.split_to(PART).freeze();
        // What is left of the last chunk moves out of the part's memory, so that the part can go.
        self.rest = BytesMut::from(&*self.rest);
        Ok(Part { bytes, last: false })
    }
}

#[async_trait]
impl MediaStore for Bucket {
    async fn put(&self, key: &str, content_type: &str, stream: ByteStream) -> Result<u64, PutError> {
        let mut source = Source { stream, rest: BytesMut::new() };
        let first = source.part().await?;
        if first.last {
            let size = u64::try_from(first.bytes.len()).unwrap_or(u64::MAX);
            self.put_whole(key, content_type, first.bytes).await?;
            return Ok(size);
        }
        let request = self.client.create_multipart_upload().bucket(&self.name).key(key);
        let request = request.content_type(content_type).content_disposition(DISPOSITION);
        let created = request.send().await.map_err(|error| failure(&error))?;
        let upload = created.upload_id.ok_or_else(|| StoreError::Corrupt("upload without an id".into()))?;
        let done = self.put_parts(key, &upload, first, &mut source).await;
        if done.is_err() {
            // Parts of an upload that nobody ends are paid for. Should this fail as well, the bucket's
            // lifecycle rule removes them.
            let abort = self.client.abort_multipart_upload().bucket(&self.name).key(key).upload_id(&upload);
            let _ = abort.send().await;
        }
        done
    }
}

#[async_trait]
impl MediaLinks for Bucket {
    async fn link(&self, key: &str) -> Result<String, StoreError> {
        let expiry = PresigningConfig::expires_in(LINK_FOR);
        let expiry = expiry.map_err(|_| StoreError::Unavailable("no link can be made".into()))?;
        let request = self.client.get_object().bucket(&self.name).key(key);
        let signed = request.presigned(expiry).await.map_err(|error| failure(&error))?;
        Ok(signed.uri().to_owned())
    }
}
