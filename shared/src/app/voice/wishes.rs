//! Users' preferences, as users set them.

use crate::api::preferences::PreferencesRequest;
use crate::app::problem::{Code, Problem};
use crate::domain::phone::E164;
use crate::domain::voice::preferences::Preferences;

/// The wishes of a request. National numbers are read with the tenant's country.
///
/// # Errors
/// A problem that names the field.
pub fn read(request: &PreferencesRequest, country: &str) -> Result<Preferences, Problem> {
    let number = request.call_forwarding_number.as_deref().map(|text| E164::from_input(text, country));
    let forward_to = number.transpose().map_err(|_| {
        Problem::new(Code::InvalidNumber).and_field("callForwardingNumber", "is not a phone number")
    })?;
    if request.call_forwarding_enabled && forward_to.is_none() {
        return Err(Problem::field("callForwardingNumber", "is required while calls are forwarded"));
    }
    let zone = request.time_zone.as_deref().map(str::parse).transpose();
    Ok(Preferences {
        call_forwarding: request.call_forwarding_enabled,
        forward_to,
        call_screening: request.call_screening,
        voicemail: request.voicemail_enabled,
        time_zone: zone.map_err(|_| {
            Problem::field("timeZone", "must be a name of the IANA database, such as America/New_York")
        })?,
    })
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::api::preferences::PreferencesRequest;
    use crate::app::problem::Code;

    #[test]
    fn wishes_are_read_and_what_is_wrong_is_named() {
        let request = PreferencesRequest {
            call_forwarding_enabled: true,
            call_forwarding_number: Some("(415) 555-0123".into()),
            time_zone: Some("America/New_York".into()),
            ..PreferencesRequest::default()
        };
        let wishes = read(&request, "US").unwrap();
        assert_eq!(wishes.forwards_to().map(|to| to.expose().to_owned()).as_deref(), Some("+14155550123"));
        let refused = |request: &PreferencesRequest| {
            let problem = read(request, "US").unwrap_err();
            (problem.code(), problem.errors()[0].field.clone())
        };
        let nobody = PreferencesRequest { call_forwarding_number: Some("nobody".into()), ..request.clone() };
        assert_eq!(refused(&nobody), (Code::InvalidNumber, "callForwardingNumber".into()));
        let nowhere = PreferencesRequest { call_forwarding_number: None, ..request.clone() };
        assert_eq!(refused(&nowhere), (Code::ValidationFailed, "callForwardingNumber".into()));
        let mars = PreferencesRequest { time_zone: Some("Mars/Olympus".into()), ..request };
        assert_eq!(refused(&mars), (Code::ValidationFailed, "timeZone".into()));
    }
}
