//! Money.

use super::{Access, Answer, Operation, get, post, schema};
use crate::api::usage::UsageReport;
use crate::api::wallet::{DepositRequest, SpendCapBody, SpendCapRequest, Transaction, WalletBody};

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
        "/api/wallet/spend-cap",
        "Read what may be spent in a day and in a month, and what is",
        Answer::Flat(schema::<SpendCapBody>),
        &["tenantId"],
    ),
    Operation {
        method: "PUT",
        access: Access::TenantAdmin,
        ..post(
            "/api/wallet/spend-cap",
            "Set what may be spent in a day and in a month",
            200,
            Some(schema::<SpendCapRequest>),
            Answer::Flat(schema::<SpendCapBody>),
        )
    },
    get(
        "/api/usage",
        "Read what was used, and what it came to",
        Answer::Flat(schema::<UsageReport>),
        &["groupBy", "from", "to", "tenantId"],
    ),
];
