//! Calls, and what was recorded of them.

use super::{Access, Answer, Operation, get, post, schema, webhook};
use crate::api::call::{AgentConfig, CallBody, VoicemailBody, VoicemailRequest};
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
    webhook("/api/webhooks/{provider}/recording-status", "How a recording of a call stands"),
    webhook("/api/webhooks/{provider}/voicemail-recording", "How the recording of a message stands"),
    webhook("/api/webhooks/{provider}/transcription", "What was said in a message"),
    get(
        "/api/calls",
        "List calls, the newest first",
        Answer::Page(schema::<CallBody>),
        &["limit", "cursor", "tenantId"],
    ),
    get(
        "/api/calls/{id}",
        "Read a call, by its id or by the provider's id of one of its legs",
        Answer::Member("call", schema::<CallBody>),
        &["tenantId"],
    ),
    Operation {
        access: Access::Open,
        ..get(
            "/api/calls/{id}/agent-config",
            "What the agent of a call is told, for whoever holds the call's token (header X-Call-Token)",
            Answer::Flat(schema::<AgentConfig>),
            &[],
        )
    },
    Operation {
        status: 302,
        ..get(
            "/api/recordings/{id}/content",
            "Hear a recording or a voicemail; 404 while there is no sound of it",
            Answer::Redirect,
            &["tenantId"],
        )
    },
    get(
        "/api/voicemails",
        "List the messages that callers left, the newest first",
        Answer::Page(schema::<VoicemailBody>),
        &["limit", "cursor", "tenantId"],
    ),
    get(
        "/api/voicemails/{id}",
        "Read a voicemail",
        Answer::Member("voicemail", schema::<VoicemailBody>),
        &["tenantId"],
    ),
    Operation {
        method: "PATCH",
        ..post(
            "/api/voicemails/{id}",
            "Say that a voicemail was listened to, is put away, or is new again",
            200,
            Some(schema::<VoicemailRequest>),
            Answer::Member("voicemail", schema::<VoicemailBody>),
        )
    },
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
