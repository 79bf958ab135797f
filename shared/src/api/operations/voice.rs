//! Calls.

use super::{Answer, Operation, get, post, schema, webhook};
use crate::api::preferences::{PreferencesBody, PreferencesRequest};

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    webhook(
        "/api/webhooks/{provider}/voice",
        "A call asks what to do: one that came in, or one that was answered",
    ),
    webhook("/api/webhooks/{provider}/dial-action", "Somebody was rung, or an audio stream is over"),
    webhook("/api/webhooks/{provider}/record-action", "A message was recorded"),
    webhook("/api/webhooks/{provider}/call-screen", "Whoever was rung for a call waits to be asked"),
    webhook("/api/webhooks/{provider}/call-status", "What became of a leg of a call"),
    webhook("/api/webhooks/{provider}/amd-status", "Who answered"),
    webhook("/api/webhooks/{provider}/stream-status", "How an audio stream does"),
    get(
        "/api/preferences",
        "Read what becomes of calls to your numbers; another user's need tenant-admin",
        Answer::Member("preferences", schema::<PreferencesBody>),
        &["userId", "tenantId"],
    ),
    Operation {
        method: "PUT",
        query: &["userId", "tenantId"],
        ..post(
            "/api/preferences",
            "Say what is to become of calls to your numbers; another user's need tenant-admin",
            200,
            Some(schema::<PreferencesRequest>),
            Answer::Member("preferences", schema::<PreferencesBody>),
        )
    },
];
