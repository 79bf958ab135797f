//! Boundary shifting: the signed string has no delimiters, so bytes can move between neighbours
//! without changing it. Every way to cut a captured request anew is tried.

use telephony::provider::registry;
use telephony::provider::request::InboundRequest;
use telephony::provider::webhooks::{Event, WebhookKind};
use telephony_testkit::sign::form_pairs;
use telephony_testkit::webhooks::{SAMPLES, Sample, form_body};

use super::{SMS_URL, STATUS_URL, verify};

fn sorted(body: &str) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let mut pairs: Vec<_> =
        form_pairs(body.as_bytes()).into_iter().map(|(n, v)| (text(n), text(v))).collect();
    pairs.sort();
    pairs
}

/// Every list of pairs that cuts two neighbours (or one pair) differently and is still sorted: the
/// provider would sort any other, so that its string is another one.
fn recuts(pairs: &[(String, String)]) -> Vec<Vec<(String, String)>> {
    let mut all = Vec::new();
    for at in 0..pairs.len() {
        for width in 1..=2_usize.min(pairs.len() - at) {
            let joined: String =
                pairs[at..at + width].iter().flat_map(|(n, v)| [n.as_str(), v.as_str()]).collect();
            let mut push = |cut: &[(&str, &str)]| {
                let before =
                    at.checked_sub(1).map(|before| (pairs[before].0.as_str(), pairs[before].1.as_str()));
                let after = pairs.get(at + width).map(|(n, v)| (n.as_str(), v.as_str()));
                let around: Vec<(&str, &str)> =
                    before.into_iter().chain(cut.iter().copied()).chain(after).collect();
                if around.is_sorted() {
                    let cut: Vec<_> = cut.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
                    all.push([&pairs[..at], &cut, &pairs[at + width..]].concat());
                }
            };
            let cuts: Vec<usize> = (0..=joined.len()).filter(|i| joined.is_char_boundary(*i)).collect();
            for (i, a) in cuts.iter().enumerate() {
                push(&[(&joined[..*a], &joined[*a..])]);
                for (j, b) in cuts.iter().enumerate().skip(i) {
                    // Most cuts give a name that could not stand here: told by its first byte.
                    let first = joined.as_bytes().get(*b);
                    let last = pairs.get(at + width).and_then(|(name, _)| name.as_bytes().first());
                    let out_of_place = first < joined.as_bytes().first() || (last.is_some() && first > last);
                    for c in &cuts[j..if out_of_place { j + 1 } else { cuts.len() }] {
                        push(&[(&joined[..*a], &joined[*a..*b]), (&joined[*b..*c], &joined[*c..])]);
                    }
                }
            }
        }
    }
    all
}

fn shifted(sample: &Sample, url: &str, params: &[(&str, &str)], kind: WebhookKind) -> (usize, usize) {
    let body = form_body(params);
    let original = sample.signed_form(sample.keys[0], url, &body);
    let webhooks = registry::webhooks(sample.provider);
    let events = |request: &InboundRequest| webhooks.parse(&verify(sample, request).ok()?, kind).ok();
    let expected = events(&original).expect("what was captured is good");
    let pairs = sorted(&body);
    let (mut verified, mut residual) = (0, 0);
    for cut in recuts(&pairs) {
        if cut == pairs {
            continue;
        }
        let params: Vec<(&str, &str)> = cut.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let forged = InboundRequest { body: form_body(&params).into(), ..original.clone() };
        verified += usize::from(verify(sample, &forged).is_ok());
        match events(&forged) {
            None => {}
            Some(got) if got == expected => {}
            Some(got) => {
                // What no reader can tell: the tail of the text, cut off as the name of a parameter that
                // could exist. Same id, other body: the store knows it from a replay.
                let [Event::MessageReceived(was), Event::MessageReceived(is)] = [&expected[0], &got[0]]
                else {
                    panic!("{params:?}")
                };
                assert!(was.body.starts_with(&is.body), "{params:?}");
                let mut same = is.clone();
                same.body.clone_from(&was.body);
                assert_eq!(&same, was, "{params:?}");
                residual += 1;
            }
        }
    }
    (verified, residual)
}

fn inbound(sample: &Sample, body: &str) -> usize {
    let sid = sample.message_sid(1);
    let mut params = sample.inbound_params(&sid, "+14155552671", "+14155550100", body);
    params.retain(|(name, _)| !matches!(*name, "NumMedia" | "NumSegments"));
    params.extend([
        ("FromCity", "SAN FRANCISCO"),
        ("FromZip", ""),
        ("MessagingServiceSid", "MG00000000000000000000000000000002"),
        ("MediaContentType0", "image/png"),
        ("MediaUrl0", "https://api.twilio.com/x"),
        ("NumMedia", "1"),
        ("NumSegments", "12"),
        ("OptOutType", "STOP"),
        ("ToCity", ""),
        ("ToCountry", "US"),
    ]);
    let (verified, residual) = shifted(sample, SMS_URL, &params, WebhookKind::Sms);
    assert!(verified > 500, "{verified} forgeries keep the string: the test must bite");
    residual
}

#[test]
fn of_an_inbound_text() {
    for sample in SAMPLES {
        assert_eq!(inbound(&sample, "stop 24 7?"), 0);
    }
}

#[test]
fn of_a_text_that_ends_in_what_could_be_a_name() {
    assert!(inbound(&SAMPLES[0], "Do not CANCEL") > 0);
}

#[test]
fn of_a_text_that_names_a_parameter() {
    assert!(inbound(&SAMPLES[0], "hi From me") > 0);
}

/// More cuts than two neighbours have.
#[test]
fn over_several_neighbours() {
    for sample in SAMPLES {
        let sid = sample.message_sid(1);
        let rest = [("MessageSid", sid.as_str()), ("NumMedia", "0"), ("To", "+14155550100")];
        let webhooks = registry::webhooks(sample.provider);
        for (genuine, forged) in [
            (
                vec![("Body", "hi"), ("From", "+14155552671"), ("FromCity", "SF")],
                vec![("Body", "hiFrom+14155552671"), ("From", "CitySF")],
            ),
            (
                vec![("Body", "From now"), ("From", "+14155552671")],
                vec![("Body", ""), ("From", " nowFrom+14155552671")],
            ),
        ] {
            let build = |params: &[(&'static str, &'static str)]| {
                let account = [("AccountSid", sample.remote_id)];
                form_body(&[account.as_slice(), params, &rest].concat())
            };
            let mut request = sample.signed_form(sample.keys[0], SMS_URL, &build(&genuine));
            let good = webhooks.parse(&verify(&sample, &request).unwrap(), WebhookKind::Sms);
            assert!(good.is_ok(), "{genuine:?}: {good:?}");
            request.body = build(&forged).into();
            let verified = verify(&sample, &request).expect("the string is the same");
            assert!(webhooks.parse(&verified, WebhookKind::Sms).is_err(), "{forged:?}");
        }
    }
}

#[test]
fn of_a_status_report() {
    for sample in SAMPLES {
        let sid = sample.message_sid(1);
        let mut params = sample.status_params(&sid, "undelivered");
        params.extend([("ErrorCode", "30034"), ("RawDlrDoneDate", "2601051405")]);
        let (verified, residual) = shifted(&sample, STATUS_URL, &params, WebhookKind::StatusCallback);
        assert!(verified > 500, "{verified}");
        assert_eq!(residual, 0);
    }
}
