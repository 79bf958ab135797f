//! A number as each of the three resources about it shows it.

use serde_json::{Value, json};

use super::{stamp, stamp_z};
use crate::{model::Number, resource::Resource, state::State, twilio_compat::opt_out::is_toll_free};

pub(super) fn kind(number: &str) -> &'static str {
    if is_toll_free(number) {
        "toll_free"
    } else if number.starts_with("+447") {
        "mobile"
    } else {
        "local"
    }
}

/// JSON that was given in a request and kept as text.
pub(super) fn kept(number: &Number, name: &str, default: Value) -> Value {
    number.setting(name).and_then(|text| serde_json::from_str(text).ok()).unwrap_or(default)
}

/// spec3, PhoneNumberDetailed
pub(super) fn number(state: &State, number: &Number) -> Value {
    let text = |name: &str| number.setting(name);
    let name_of = |found: Option<&Resource>, member: &str| {
        found.and_then(|found| found.text(member).map(str::to_owned))
    };
    let world = &state.telnyx;
    let profile = text("messaging_profile_id").and_then(|id| world.profiles.get(&number.account, id));
    let connection = text("connection_id").and_then(|id| world.applications.get(&number.account, id));
    json!({
        "id": number.sid,
        "record_type": "phone_number",
        "phone_number": number.phone_number,
        "country_iso_alpha2": number.country,
        "status": text("status").unwrap_or("active"),
        "tags": kept(number, "tags", json!([])),
        "external_pin": text("external_pin"),
        "connection_id": text("connection_id"),
        "connection_name": name_of(connection, "application_name"),
        "customer_reference": text("customer_reference"),
        "messaging_profile_id": text("messaging_profile_id"),
        "messaging_profile_name": name_of(profile, "name"),
        "billing_group_id": text("billing_group_id"),
        "emergency_enabled": false,
        "emergency_address_id": null,
        "emergency_status": "disabled",
        "call_forwarding_enabled": true,
        "cnam_listing_enabled": false,
        "caller_id_name_enabled": kept(number, "caller_id_name_enabled", json!(false)),
        "call_recording_enabled": false,
        "t38_fax_gateway_enabled": false,
        "purchased_at": stamp_z(number.created),
        "created_at": stamp_z(number.created),
        "updated_at": stamp_z(number.updated),
        "phone_number_type": kind(&number.phone_number),
        "inbound_call_screening": text("inbound_call_screening").unwrap_or("disabled"),
        "hd_voice_enabled": kept(number, "hd_voice_enabled", json!(false)),
        "source_type": "number_order",
        "deletion_lock_enabled": kept(number, "deletion_lock_enabled", json!(false)),
    })
}

/// spec3, PhoneNumberWithMessagingSettings
pub(super) fn messaging(number: &Number) -> Value {
    let mms = number.capabilities.mms.then(|| {
        json!({ "domestic_two_way": true, "international_inbound": false, "international_outbound": false })
    });
    json!({
        "record_type": "messaging_settings",
        "id": number.sid,
        "phone_number": number.phone_number,
        "messaging_profile_id": number.setting("messaging_profile_id"),
        "country_code": number.country,
        "type": if is_toll_free(&number.phone_number) { "tollfree" } else { "longcode" },
        "health": { "message_count": 0, "inbound_outbound_ratio": 0.0, "success_ratio": 0.0, "spam_ratio": 0.0 },
        "eligible_messaging_products": ["A2P"],
        "traffic_type": "A2P",
        "messaging_product": number.setting("messaging_product").unwrap_or("A2P"),
        "features": {
            "sms": { "domestic_two_way": true, "international_inbound": true, "international_outbound": true },
            "mms": mms,
        },
        "organization_id": number.account,
        "tags": kept(number, "tags", json!([])),
        "created_at": stamp(number.created),
        "updated_at": stamp(number.updated),
    })
}

/// spec3, PhoneNumberWithVoiceSettings
pub(super) fn voice(number: &Number) -> Value {
    json!({
        "record_type": "voice_settings",
        "id": number.sid,
        "phone_number": number.phone_number,
        "connection_id": number.setting("connection_id").unwrap_or_default(),
        "customer_reference": number.setting("customer_reference").unwrap_or_default(),
        "tech_prefix_enabled": kept(number, "tech_prefix_enabled", json!(false)),
        "translated_number": number.setting("translated_number").unwrap_or_default(),
        "caller_id_name_enabled": kept(number, "caller_id_name_enabled", json!(false)),
        "call_forwarding": kept(number, "call_forwarding", json!({
            "call_forwarding_enabled": true, "forwards_to": "", "forwarding_type": "always",
        })),
        "cnam_listing": kept(number, "cnam_listing", json!({
            "cnam_listing_enabled": false, "cnam_listing_details": "",
        })),
        "emergency": { "emergency_enabled": false, "emergency_address_id": "", "emergency_status": "disabled" },
        "usage_payment_method": number.setting("usage_payment_method").unwrap_or("pay-per-minute"),
        "media_features": kept(number, "media_features", json!({
            "rtp_auto_adjust_enabled": true,
            "accept_any_rtp_packets_enabled": false,
            "t38_fax_gateway_enabled": false,
        })),
        "call_recording": kept(number, "call_recording", json!({
            "inbound_call_recording_enabled": false,
            "inbound_call_recording_format": "wav",
            "inbound_call_recording_channels": "single",
        })),
        "inbound_call_screening": number.setting("inbound_call_screening").unwrap_or("disabled"),
    })
}
