//! Every operation of the API, by area. The template's routes, the functions' tests and the OpenAPI
//! document are held against these tables.

mod events;
mod inventory;
mod money;
mod numbers;
mod providers;
mod purchases;
mod repair;
mod routing;
mod stir;
mod subscriptions;
mod texting;
mod voice;

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody; the document.
    Open,
    /// A provider, with its signature.
    Provider,
    /// Any user of a tenant.
    User,
    /// `tenant-admin` or `admin`.
    TenantAdmin,
    /// `admin`.
    Admin,
}

/// What an operation answers with on success.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// An object with this member.
    Member(&'static str, fn(&mut SchemaGenerator) -> Value),
    /// The members of this type themselves.
    Flat(fn(&mut SchemaGenerator) -> Value),
    /// A page of these.
    Page(fn(&mut SchemaGenerator) -> Value),
    /// A redirect.
    Redirect,
    /// Only `success`.
    Done,
    /// Something that is no member of the contract.
    Other(&'static str),
}

/// One operation of the API.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// `GET`, …
    pub method: &'static str,
    /// The path, as in the template's routes.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What it does.
    pub summary: &'static str,
    pub(super) status: u16,
    /// The status of a repetition that changed nothing, where it is another one.
    pub(super) replayed: Option<u16>,
    /// What a 202 answers with, where the act may take longer than a request.
    pub(super) accepted: Option<Answer>,
    pub(super) body: Option<fn(&mut SchemaGenerator) -> Value>,
    pub(super) answer: Answer,
    pub(super) query: &'static [&'static str],
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// Every operation.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    [
        texting::OPERATIONS,
        money::OPERATIONS,
        routing::OPERATIONS,
        numbers::OPERATIONS,
        inventory::OPERATIONS,
        purchases::OPERATIONS,
        providers::OPERATIONS,
        repair::OPERATIONS,
        subscriptions::OPERATIONS,
        events::OPERATIONS,
        voice::OPERATIONS,
        stir::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}

const fn get(
    path: &'static str,
    summary: &'static str,
    answer: Answer,
    query: &'static [&'static str],
) -> Operation {
    Operation {
        method: "GET",
        path,
        access: Access::User,
        summary,
        status: 200,
        replayed: None,
        accepted: None,
        body: None,
        answer,
        query,
    }
}

const fn post(
    path: &'static str,
    summary: &'static str,
    status: u16,
    body: Option<fn(&mut SchemaGenerator) -> Value>,
    answer: Answer,
) -> Operation {
    Operation {
        method: "POST",
        path,
        access: Access::User,
        summary,
        status,
        replayed: None,
        accepted: None,
        body,
        answer,
        query: &[],
    }
}

const fn delete(path: &'static str, summary: &'static str, access: Access, answer: Answer) -> Operation {
    Operation {
        method: "DELETE",
        path,
        access,
        summary,
        status: 200,
        replayed: None,
        accepted: None,
        body: None,
        answer,
        query: &[],
    }
}

const fn webhook(path: &'static str, summary: &'static str) -> Operation {
    Operation {
        method: "POST",
        path,
        access: Access::Provider,
        summary,
        status: 200,
        replayed: None,
        accepted: None,
        body: None,
        answer: Answer::Other("text/xml"),
        query: &[],
    }
}

/// The one URL of a provider that posts JSON.
const fn events(path: &'static str, summary: &'static str) -> Operation {
    Operation { answer: Answer::Other("application/json"), ..webhook(path, summary) }
}
