//! A webhook's request, before and after its signature was checked.

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::webhooks::KeyRole;
use crate::domain::ids::AccountId;

/// A request as the provider sent it: bytes untouched, URL as it was signed. Nothing in it is to be
/// believed. It is built once, by the Lambda wall.
#[derive(Clone, Debug)]
pub struct InboundRequest {
    /// The method.
    pub method: Method,
    /// The exact public URL: the configured public base, the original path, the raw query. Never
    /// built from `Host` or `X-Forwarded-*`.
    pub public_url: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's bytes, base64 of the event undone.
    pub body: Bytes,
}

impl InboundRequest {
    /// The raw query string of the URL, without its `?`.
    pub fn raw_query(&self) -> Option<&str> {
        self.public_url.split_once('?').map(|(_, query)| query)
    }

    /// The one value of a header: `None` when it is absent, repeated, or not visible ASCII. A
    /// repeated signature header is nobody's.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }
}

/// A request whose signature was checked. Only an adapter's `verify` makes one, so that nothing can
/// be parsed that was not verified.
#[derive(Clone, Debug)]
pub struct Verified<'r> {
    request: &'r InboundRequest,
    account: AccountId,
    role: KeyRole,
}

impl<'r> Verified<'r> {
    pub(crate) fn new(request: &'r InboundRequest, account: AccountId, role: KeyRole) -> Self {
        Self { request, account, role }
    }

    /// The request.
    pub fn request(&self) -> &'r InboundRequest {
        self.request
    }

    /// The account whose key signed it. It speaks for itself only.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// Which of the account's keys signed it.
    pub fn role(&self) -> KeyRole {
        self.role
    }
}
