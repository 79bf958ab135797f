//! The keyword classifier against the cases of the provider facts.

use telephony::domain::keyword::{Intent, classify};
use telephony_testkit::facts::facts;

#[test]
fn every_case_of_the_facts() {
    let Some(facts) = facts().map(|facts| facts.json("vectors/opt_out_keywords.json")) else { return };
    let mut checked = 0;
    for case in facts["cases"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let expected = match case["expect"].as_str().unwrap() {
            // ARRET is the French word of Canada, a keyword like STOP.
            "stop" | "stop_fr_ca" => Intent::Stop { free_text: false },
            "stop_freetext" => Intent::Stop { free_text: true },
            "start" => Intent::Start,
            "help" => Intent::Help,
            // The facts leave ALTO open; we let a human look at it.
            "ambiguous" | "unknown_es" => Intent::Ambiguous,
            "none" => Intent::None,
            other => panic!("an expectation that this test does not know: {other}"),
        };
        assert_eq!(classify(text), expected, "{text:?}");
        checked += 1;
    }
    assert!(checked > 0);
}

#[test]
fn every_stop_word_of_every_provider_and_of_the_fcc() {
    let Some(facts) = facts().map(|facts| facts.json("vectors/opt_out_keywords.json")) else { return };
    let providers = facts["providers"].as_object().unwrap().values().map(|provider| &provider["stop"]);
    let words: Vec<&str> = providers
        .chain([&facts["fcc_per_se"]["words"]])
        .flat_map(|list| list.as_array().unwrap())
        .map(|word| word.as_str().unwrap())
        .collect();
    assert!(words.contains(&"revoke") && words.contains(&"STOP ALL"));
    for word in words {
        assert_eq!(classify(word), Intent::Stop { free_text: false }, "{word:?}");
    }
}
