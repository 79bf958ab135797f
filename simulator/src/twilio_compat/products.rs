//! Twilio's products beside the 2010 API: messaging services, and the region that a number's calls are handled in.
//! They have hosts of their own there; here they are below the same mount.

use serde_json::{Map, Value, json};

use super::{
    Answer,
    errors::ApiError,
    request::{Incoming, Login},
};
use crate::{
    clock::rfc3339,
    ids,
    model::{Number, Provider},
    resource::Resource,
    state::State,
};

/// Members of a service that a request may set, under their request names (twilio_messaging_v1.json, UpdateService).
const SERVICE: [(&str, &str); 15] = [
    ("FriendlyName", "friendly_name"),
    ("InboundRequestUrl", "inbound_request_url"),
    ("InboundMethod", "inbound_method"),
    ("FallbackUrl", "fallback_url"),
    ("FallbackMethod", "fallback_method"),
    ("StatusCallback", "status_callback"),
    ("StickySender", "sticky_sender"),
    ("MmsConverter", "mms_converter"),
    ("SmartEncoding", "smart_encoding"),
    ("ScanMessageContent", "scan_message_content"),
    ("AreaCodeGeomatch", "area_code_geomatch"),
    ("ValidityPeriod", "validity_period"),
    ("SynchronousValidation", "synchronous_validation"),
    ("Usecase", "usecase"),
    ("UseInboundWebhookOnNumber", "use_inbound_webhook_on_number"),
];

/// `POST /v1/Services`
pub(crate) fn create_service(
    state: &mut State,
    incoming: &Incoming,
    login: &Login,
) -> Result<(String, Answer), ApiError> {
    let name =
        incoming.filled("FriendlyName").ok_or_else(|| ApiError::bad(20001, "FriendlyName is required"))?;
    let id = ids::sid("MG");
    let now = rfc3339(state.now());
    let url = format!("https://messaging.twilio.com/v1/Services/{id}");
    let body = json!({
        "sid": id,
        "account_sid": login.sid,
        "friendly_name": name,
        "date_created": now,
        "date_updated": now,
        "inbound_request_url": null,
        "inbound_method": "POST",
        "fallback_url": null,
        "fallback_method": "POST",
        "status_callback": null,
        "sticky_sender": true,
        "mms_converter": true,
        "smart_encoding": true,
        "scan_message_content": "inherit",
        "fallback_to_long_code": false,
        "area_code_geomatch": true,
        "synchronous_validation": false,
        "validity_period": 36_000,
        "url": url,
        "links": { "phone_numbers": format!("{url}/PhoneNumbers") },
        "usecase": "undeclared",
        "us_app_to_person_registered": false,
        "use_inbound_webhook_on_number": false,
    });
    let body = match body {
        Value::Object(body) => body,
        _ => Map::new(),
    };
    let mut service = Resource { id: id.clone(), account: login.sid.clone(), body };
    configure(&mut service, incoming)?;
    let shown = service.json();
    state.services.add(service);
    Ok((id, Answer::Json(201, shown)))
}

fn configure(service: &mut Resource, incoming: &Incoming) -> Result<(), ApiError> {
    for (name, member) in SERVICE {
        let Some(text) = incoming.param(name) else { continue };
        let value = match service.body.get(member) {
            Some(Value::Bool(_)) => match text {
                "true" | "false" => json!(text == "true"),
                _ => return Err(ApiError::bad(20001, format!("{name} must be true or false"))),
            },
            Some(Value::Number(_)) => {
                json!(
                    text.parse::<u32>()
                        .map_err(|_| ApiError::bad(20001, format!("{name} must be a number")))?
                )
            }
            _ if name.ends_with("Method") && !matches!(text, "GET" | "POST") => {
                return Err(ApiError::bad(21403, format!("{name} must be GET or POST")));
            }
            _ if text.is_empty() => Value::Null,
            _ => json!(text),
        };
        service.body.insert(member.to_owned(), value);
    }
    Ok(())
}

/// `GET /v1/Services/{sid}`
pub(crate) fn fetch_service(state: &State, incoming: &Incoming, login: &Login) -> Result<Answer, ApiError> {
    let service = state.services.get(&login.sid, incoming.arg(0));
    let service = service.ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    Ok(Answer::Json(200, service.json()))
}

/// `POST /v1/Services/{sid}`
pub(crate) fn update_service(
    state: &mut State,
    incoming: &Incoming,
    login: &Login,
) -> Result<Answer, ApiError> {
    let now = rfc3339(state.now());
    let service = state.services.get_mut(&login.sid, incoming.arg(0));
    let service = service.ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    configure(service, incoming)?;
    service.body.insert("date_updated".to_owned(), json!(now));
    Ok(Answer::Json(200, service.json()))
}

fn key(incoming: &Incoming) -> (Provider, String) {
    let segment = incoming.arg(0);
    let number = match segment.split_once("%2B") {
        Some(("", digits)) => format!("+{digits}"),
        _ => segment.to_owned(),
    };
    (Provider::Twilio, number)
}

/// twilio_routes_v2.json, routes.v2.phone_number. A number is at home until it is given a region.
fn region(number: &Number) -> Value {
    json!({
        "phone_number": number.phone_number,
        "url": format!("https://routes.twilio.com/v2/PhoneNumbers/{}", number.phone_number),
        "sid": number.sid.replacen("PN", "QQ", 1),
        "account_sid": number.account,
        "friendly_name": number.friendly_name,
        "voice_region": number.setting("VoiceRegion").unwrap_or("us1"),
        "date_created": rfc3339(number.created),
        "date_updated": rfc3339(number.updated),
    })
}

/// `GET /v2/PhoneNumbers/{number}`
pub(crate) fn fetch_region(state: &State, incoming: &Incoming, login: &Login) -> Result<Answer, ApiError> {
    let number = state.numbers.get(&key(incoming)).filter(|number| number.account == login.sid);
    Ok(Answer::Json(200, region(number.ok_or_else(|| ApiError::not_found(&incoming.uri_path))?)))
}

/// `POST /v2/PhoneNumbers/{number}`
pub(crate) fn update_region(
    state: &mut State,
    incoming: &Incoming,
    login: &Login,
) -> Result<Answer, ApiError> {
    let number = state.numbers.get_mut(&key(incoming)).filter(|number| number.account == login.sid);
    let number = number.ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    if let Some(region) = incoming.filled("VoiceRegion") {
        if !matches!(region, "us1" | "ie1" | "au1" | "jp1" | "de1") {
            return Err(ApiError::bad(20001, format!("{region} is not a region")));
        }
        number.settings.insert("VoiceRegion".to_owned(), region.to_owned());
    }
    Ok(Answer::Json(200, region(number)))
}
