//! The parameters that the operations have.

use super::route::Operation;
use crate::model::Provider;

const PAGING: [&str; 3] = ["Page", "PageSize", "PageToken"];

/// The parameters that the OpenAPI documents name, for the operations where a typing error would hurt.
pub(super) fn known_params(provider: Provider, operation: Operation) -> Option<Vec<&'static str>> {
    let twilio = provider == Provider::Twilio;
    let mut known: Vec<&'static str> = match operation {
        Operation::MessagesCreate if twilio => vec![
            "To",
            "StatusCallback",
            "ApplicationSid",
            "MaxPrice",
            "ProvideFeedback",
            "Attempt",
            "ValidityPeriod",
            "ForceDelivery",
            "ContentRetention",
            "AddressRetention",
            "SmartEncoded",
            "PersistentAction",
            "TrafficType",
            "ShortenUrls",
            "ScheduleType",
            "SendAt",
            "SendAsMms",
            "ContentVariables",
            "RiskCheck",
            "From",
            "FallbackFrom",
            "MessagingServiceSid",
            "Body",
            "MediaUrl",
            "ContentSid",
        ],
        Operation::MessagesCreate => vec![
            "To",
            "From",
            "Body",
            "MediaUrl",
            "SendAsMms",
            "ApplicationSid",
            "MaxPrice",
            "StatusCallback",
            "ValidityPeriod",
            "MessagingServiceSid",
        ],
        Operation::MessagesUpdate if twilio => vec!["Body", "Status"],
        Operation::MessagesUpdate => vec!["Body"],
        Operation::MessagesList => {
            let mut known = vec!["To", "From", "DateSent", "DateSent<", "DateSent>"];
            known.extend(PAGING);
            if !twilio {
                known.push("Status");
            }
            known
        }
        Operation::CallsCreate => {
            let mut known = vec![
                "To",
                "From",
                "Url",
                "Twiml",
                "ApplicationSid",
                "Method",
                "FallbackUrl",
                "FallbackMethod",
                "StatusCallback",
                "StatusCallbackEvent",
                "StatusCallbackMethod",
                "SendDigits",
                "Timeout",
                "CallerId",
                "Record",
                "RecordingChannels",
                "RecordingTrack",
                "RecordingStatusCallback",
                "RecordingStatusCallbackMethod",
                "RecordingStatusCallbackEvent",
                "Trim",
                "SipAuthUsername",
                "SipAuthPassword",
                "MachineDetection",
                "MachineDetectionTimeout",
                "MachineDetectionSpeechThreshold",
                "MachineDetectionSpeechEndThreshold",
                "MachineDetectionSilenceTimeout",
                "AsyncAmd",
                "AsyncAmdStatusCallback",
                "AsyncAmdStatusCallbackMethod",
            ];
            if twilio {
                known.extend(["Byoc", "CallReason", "CallToken", "TimeLimit", "ClientNotificationUrl"]);
            } else {
                known.extend([
                    "Laml",
                    "MachineWordsThreshold",
                    "AsyncAmdPartialResults",
                    "MaxPricePerMinute",
                ]);
            }
            known
        }
        Operation::CallsUpdate => {
            let mut known = vec![
                "Url",
                "Method",
                "Status",
                "FallbackUrl",
                "FallbackMethod",
                "StatusCallback",
                "StatusCallbackMethod",
            ];
            if twilio {
                known.extend(["Twiml", "TimeLimit"]);
            }
            known
        }
        Operation::CallsList => {
            let mut known = vec!["To", "From", "ParentCallSid", "Status"];
            known.extend(["StartTime", "StartTime<", "StartTime>", "EndTime", "EndTime<", "EndTime>"]);
            known.extend(PAGING);
            known
        }
        Operation::RecordingsCreate => vec![
            "RecordingChannels",
            "RecordingStatusCallback",
            "RecordingStatusCallbackEvent",
            "RecordingStatusCallbackMethod",
            "RecordingTrack",
            "Trim",
        ],
        Operation::RecordingsList => {
            let mut known = vec!["CallSid", "DateCreated", "DateCreated<", "DateCreated>"];
            known.extend(PAGING);
            if twilio {
                known.extend(["ConferenceSid", "IncludeSoftDeleted"]);
            }
            known
        }
        Operation::RecordingsUpdate => vec!["Status", "PauseBehavior"],
        Operation::NumbersList => {
            let mut known = vec!["PhoneNumber", "FriendlyName"];
            known.extend(PAGING);
            if twilio {
                known.extend(["Beta", "Origin"]);
            }
            known
        }
        Operation::NumbersBuy | Operation::NumbersUpdate => vec![
            "FriendlyName",
            "SmsApplicationSid",
            "SmsFallbackMethod",
            "SmsFallbackUrl",
            "SmsMethod",
            "SmsUrl",
            "StatusCallback",
            "StatusCallbackMethod",
            "VoiceApplicationSid",
            "VoiceFallbackMethod",
            "VoiceFallbackUrl",
            "VoiceMethod",
            "VoiceUrl",
            "VoiceReceiveMode",
        ],
        Operation::NumbersSearch => vec![
            "AreaCode",
            "Beta",
            "Contains",
            "ExcludeAllAddressRequired",
            "ExcludeForeignAddressRequired",
            "ExcludeLocalAddressRequired",
            "FaxEnabled",
            "InLocality",
            "InRegion",
            "MmsEnabled",
            "SmsEnabled",
            "VoiceEnabled",
        ],
        Operation::AccountsCreate => vec!["FriendlyName"],
        Operation::AccountsUpdate if twilio => vec!["FriendlyName", "Status"],
        Operation::AccountsUpdate => vec!["FriendlyName"],
        _ => return None,
    };
    match operation {
        Operation::NumbersBuy => known.push("PhoneNumber"),
        Operation::NumbersUpdate => known.push("AccountSid"),
        Operation::NumbersSearch if twilio => {
            known.extend(PAGING);
            known.extend(["NearNumber", "NearLatLong", "Distance", "InPostalCode", "InRateCenter", "InLata"]);
        }
        _ => {}
    }
    if matches!(operation, Operation::NumbersBuy | Operation::NumbersUpdate) {
        known.push("EmergencyAddressSid");
        if twilio {
            known.extend([
                "ApiVersion",
                "VoiceCallerIdLookup",
                "EmergencyStatus",
                "TrunkSid",
                "IdentitySid",
                "AddressSid",
                "BundleSid",
                "AreaCode",
            ]);
        }
    }
    Some(known)
}
