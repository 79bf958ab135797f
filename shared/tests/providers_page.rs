//! `docs/providers.md` says what the code says: its tables are made here, and compared.
//! `TANDEM_WRITE_DOCS=1 cargo test -p telephony --test providers_page` writes them anew.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use telephony::provider::{ProviderId, registry};

const BEGIN: &str = "<!-- made by shared/tests/providers_page.rs -->";
const END: &str = "<!-- end of what is made -->";

/// The members of the capabilities and features, in words.
const WORDS: &[(&str, &str)] = &[
    ("sms", "SMS, both ways"),
    ("mms", "MMS, both ways"),
    ("voice", "calls, both ways"),
    ("rvm", "messages left in mailboxes (the phone rings)"),
    ("shaken", "signs outbound calls"),
    ("maxBody", "longest text, characters"),
    ("maxMedia", "attachments of one text"),
    ("mmsReceipts", "receipts for MMS"),
    ("managesOptOuts", "answers and enforces STOP itself"),
    ("longCodeRate", "texts a second from one long code, before a campaign allows more"),
    ("concurrentCalls", "calls at a time, before more are granted"),
    ("webhookPatience", "seconds that it waits for a webhook's answer"),
    ("messaging", "here: send texts"),
    ("inboundHistory", "here: list the texts that were received"),
    ("calling", "here: place calls"),
    ("callControl", "here: steer calls by commands"),
    ("recordings", "here: fetch recordings"),
    ("heldNumbers", "here: list, import, configure and release numbers"),
    ("numberMarket", "here: search and order numbers"),
    ("numberTransfers", "here: move numbers between an account and those below it"),
    ("trunkNumbers", "here: bring numbers of other providers along"),
    ("agents", "here: agents of its own"),
    ("subaccounts", "here: accounts below an account"),
    ("webhookAudit", "here: find and repair where events go"),
];

fn shown(member: &str, value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "–".to_owned(),
        Value::Number(number) if member == "longCodeRate" => {
            format!("{}", number.as_f64().unwrap() / 100.0)
        }
        Value::Number(number) if number.as_u64() == Some(0) => "–".to_owned(),
        other => other.to_string(),
    }
}

fn tables() -> String {
    let declared: Vec<(ProviderId, Value)> = ProviderId::ALL
        .into_iter()
        .map(|provider| {
            let mut all = serde_json::to_value(registry::capabilities(provider)).unwrap();
            let features = serde_json::to_value(registry::features(provider)).unwrap();
            all.as_object_mut().unwrap().extend(features.as_object().unwrap().clone());
            (provider, all)
        })
        .collect();
    let known: BTreeSet<&str> = WORDS.iter().map(|(member, _)| *member).collect();
    let members: BTreeSet<&str> = declared[0].1.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(known, members, "every member has words");

    let mut text = String::new();
    let names: Vec<String> = declared.iter().map(|(provider, _)| format!("`{provider}`")).collect();
    writeln!(text, "| | {} |", names.join(" | ")).unwrap();
    writeln!(text, "|---|{}", "---|".repeat(names.len())).unwrap();
    for (member, words) in WORDS {
        let values: Vec<String> = declared.iter().map(|(_, all)| shown(member, &all[*member])).collect();
        writeln!(text, "| {words} | {} |", values.join(" | ")).unwrap();
    }
    writeln!(text, "\nWhere the figures come from:\n").unwrap();
    for (provider, _) in &declared {
        for source in registry::capabilities(*provider).sources {
            let words = WORDS.iter().find(|(member, _)| *member == source.member);
            let (_, words) = words.unwrap_or_else(|| panic!("{} is no capability", source.member));
            writeln!(text, "* `{provider}`, {words}: {}", source.page).unwrap();
        }
    }
    writeln!(text, "\nThe settings of an account (`config` of `add_provider` and `update_provider`):\n")
        .unwrap();
    writeln!(text, "| provider | setting | secret | needed | is |\n|---|---|---|---|---|").unwrap();
    for (provider, _) in &declared {
        for setting in registry::settings(*provider) {
            let yes = |is: bool| if is { "yes" } else { "" };
            writeln!(
                text,
                "| `{provider}` | `{}` | {} | {} | {} |",
                setting.name,
                yes(setting.secret),
                yes(setting.required),
                setting.expected
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn the_page_says_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/providers.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the beginning mark");
    let (_, after) = rest.split_once(END).expect("the page has the end mark");
    let made = format!("{before}{BEGIN}\n\n{}\n{END}{after}", tables());
    if std::env::var("TANDEM_WRITE_DOCS").is_ok_and(|on| on == "1") {
        std::fs::write(&path, made).unwrap();
    } else {
        assert_eq!(page, made, "TANDEM_WRITE_DOCS=1 writes docs/providers.md anew");
    }
}

/// A figure without a page is a guess.
#[test]
fn every_figure_has_a_source() {
    for provider in ProviderId::ALL {
        let capabilities = registry::capabilities(provider);
        let sourced: BTreeSet<&str> = capabilities.sources.iter().map(|source| source.member).collect();
        let mut needed = vec!["webhookPatience"];
        if capabilities.sms {
            needed.extend(["maxBody", "managesOptOuts"]);
        }
        if capabilities.long_code_rate.is_some() {
            needed.push("longCodeRate");
        }
        if capabilities.mms {
            needed.extend(["maxMedia", "mmsReceipts"]);
        }
        if capabilities.concurrent_calls.is_some() {
            needed.push("concurrentCalls");
        }
        if capabilities.shaken {
            needed.push("shaken");
        }
        if capabilities.rvm {
            needed.push("rvm");
        }
        for member in needed {
            assert!(sourced.contains(member), "{provider}: {member} has no source");
        }
        assert_eq!(capabilities.mms, capabilities.max_media > 0, "{provider}");
        assert_eq!(capabilities.sms, capabilities.max_body > 0, "{provider}");
        assert_eq!(capabilities.sms, registry::messaging(provider).is_some(), "{provider}");
        assert_eq!(capabilities.mms, registry::media(provider).is_some(), "{provider}");
        assert_eq!(capabilities.voice, registry::calling(provider).is_some(), "{provider}");
    }
}
