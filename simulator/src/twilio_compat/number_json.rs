//! An owned number as each provider shows it.

use serde_json::{Value, json};

use super::opt_out::is_toll_free;
use crate::{
    clock::rfc2822,
    model::{Number, Provider},
};

pub(crate) fn number(number: &Number) -> Value {
    match number.provider {
        Provider::Twilio => twilio(number),
        _ => signalwire(number),
    }
}

/// twilio_api_v2010.json, api.v2010.account.incoming_phone_number. URLs that are not set are empty texts, as in
/// its examples.
fn twilio(number: &Number) -> Value {
    let text = |name: &str| number.setting(name).unwrap_or_default().to_owned();
    let or_null = |name: &str| number.setting(name).map(str::to_owned);
    let method = |name: &str| number.setting(name).unwrap_or("POST").to_owned();
    let kind = if is_toll_free(&number.phone_number) { "toll-free" } else { "local" };
    json!({
        "account_sid": number.account,
        "address_requirements": "none",
        "address_sid": or_null("AddressSid"),
        "api_version": number.setting("ApiVersion").unwrap_or("2010-04-01"),
        "beta": false,
        "bundle_sid": or_null("BundleSid"),
        "capabilities": number.capabilities,
        "date_created": rfc2822(number.created),
        "date_updated": rfc2822(number.updated),
        "emergency_address_sid": or_null("EmergencyAddressSid"),
        "emergency_address_status": "unregistered",
        "emergency_status": number.setting("EmergencyStatus").unwrap_or("Inactive"),
        "friendly_name": number.friendly_name,
        "identity_sid": or_null("IdentitySid"),
        "origin": "twilio",
        "phone_number": number.phone_number,
        "sid": number.sid,
        "sms_application_sid": text("SmsApplicationSid"),
        "sms_fallback_method": method("SmsFallbackMethod"),
        "sms_fallback_url": text("SmsFallbackUrl"),
        "sms_method": method("SmsMethod"),
        "sms_url": text("SmsUrl"),
        "status": number.setting("status").unwrap_or("in-use"),
        "status_callback": text("StatusCallback"),
        "status_callback_method": method("StatusCallbackMethod"),
        "subresource_uris": {
            "assigned_add_ons": format!(
                "/2010-04-01/Accounts/{}/IncomingPhoneNumbers/{}/AssignedAddOns.json", number.account, number.sid
            ),
        },
        "trunk_sid": or_null("TrunkSid"),
        "type": kind,
        "uri": format!("/2010-04-01/Accounts/{}/IncomingPhoneNumbers/{}.json", number.account, number.sid),
        "voice_application_sid": text("VoiceApplicationSid"),
        "voice_caller_id_lookup": number.setting("VoiceCallerIdLookup") == Some("true"),
        "voice_fallback_method": method("VoiceFallbackMethod"),
        "voice_fallback_url": or_null("VoiceFallbackUrl"),
        "voice_method": method("VoiceMethod"),
        "voice_receive_mode": number.setting("VoiceReceiveMode").unwrap_or("voice"),
        "voice_url": or_null("VoiceUrl"),
    })
}

/// compatibility-openapi.yaml, IncomingPhoneNumber. It allows no other members.
fn signalwire(number: &Number) -> Value {
    let or_null = |name: &str| number.setting(name).map(str::to_owned);
    let method = |name: &str| number.setting(name).unwrap_or("POST").to_owned();
    json!({
        "account_id": number.account,
        "account_sid": number.account,
        "address_requirements": "none",
        "address_sid": null,
        "api_version": "2010-04-01",
        "beta": false,
        "capabilities": number.capabilities,
        "country_code": number.country,
        "date_created": rfc2822(number.created),
        "date_updated": rfc2822(number.updated),
        "emergency_address_sid": or_null("EmergencyAddressSid"),
        "emergency_status": "Inactive",
        "friendly_name": number.friendly_name,
        "identity_sid": null,
        "origin": "signalwire",
        "phone_number": number.phone_number,
        "sid": number.sid,
        "sms_application_sid": or_null("SmsApplicationSid"),
        "sms_fallback_method": method("SmsFallbackMethod"),
        "sms_fallback_url": or_null("SmsFallbackUrl"),
        "sms_method": method("SmsMethod"),
        "sms_url": or_null("SmsUrl"),
        "status_callback": or_null("StatusCallback"),
        "status_callback_method": method("StatusCallbackMethod"),
        "trunk_sid": null,
        "uri": format!(
            "/api/laml/2010-04-01/Accounts/{}/IncomingPhoneNumbers/{}.json", number.account, number.sid
        ),
        "verification_status": "Verified",
        "voice_application_sid": or_null("VoiceApplicationSid"),
        "voice_caller_id_lookup": null,
        "voice_fallback_method": method("VoiceFallbackMethod"),
        "voice_fallback_url": or_null("VoiceFallbackUrl"),
        "voice_method": method("VoiceMethod"),
        "voice_url": or_null("VoiceUrl"),
    })
}
