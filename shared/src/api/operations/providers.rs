//! Provider accounts.

use super::{Answer, Operation, post, schema};
use crate::api::provider_management::{ProviderAnswer, ProviderRequest};

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[post(
    "/api/provider-management",
    "Manage provider accounts and the numbers that they hold",
    200,
    Some(schema::<ProviderRequest>),
    Answer::Flat(schema::<ProviderAnswer>),
)];
