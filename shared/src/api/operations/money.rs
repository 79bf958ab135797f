//! Money.

use super::{Access, Answer, Operation, get, post, schema};
use crate::api::usage::UsageReport;
use crate::api::wallet::{DepositRequest, Transaction, WalletBody};

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    get("/api/wallet", "Read the wallet", Answer::Flat(schema::<WalletBody>), &["tenantId"]),
    get(
        "/api/wallet/transactions",
        "List the ledger",
        Answer::Page(schema::<Transaction>),
        &["limit", "cursor", "tenantId"],
    ),
    Operation {
        access: Access::Admin,
        replayed: Some(200),
        ..post(
            "/api/wallet/deposit",
            "Add money to a wallet, once per reference",
            201,
            Some(schema::<DepositRequest>),
            Answer::Member("transaction", schema::<Transaction>),
        )
    },
    get(
        "/api/usage",
        "Read what was used, and what it came to",
        Answer::Flat(schema::<UsageReport>),
        &["groupBy", "from", "to", "tenantId"],
    ),
];
