//! Reading numbers as people write them, against the cases of the provider facts.

use telephony::domain::phone::E164;
use telephony_testkit::facts::facts;

/// Cases in which we differ from libphonenumber on purpose, with the reason.
const EXCEPTIONS: [(&str, Option<&str>, &str); 0] = [];

#[test]
fn every_case_of_the_facts() {
    let Some(facts) = facts().map(|facts| facts.json("vectors/e164.json")) else { return };
    let mut wrong = Vec::new();
    let mut used = 0;
    for case in facts["cases"].as_array().unwrap() {
        let input = case["input"].as_str().unwrap();
        // libphonenumber looks for a number within a URI; the domain has addresses for URIs.
        let is_uri =
            input.split_once(':').is_some_and(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphabetic()));
        let dialled = case["valid"] == true && case["extension"].is_null() && !is_uri;
        let mut expected = if dialled { case["e164"].as_str() } else { None };
        if let Some((_, ours, _)) = EXCEPTIONS.iter().find(|(exception, _, _)| *exception == input) {
            assert_ne!(*ours, expected, "{input:?} is no exception any more");
            expected = *ours;
            used += 1;
        }
        let got = E164::from_input(input, case["default_region"].as_str().unwrap());
        if got.as_ref().ok().map(E164::expose) != expected {
            wrong.push(format!(
                "{input:?}: expected {expected:?}, got {:?}",
                got.map(|n| n.expose().to_owned())
            ));
        } else if let (Ok(number), Some(region)) = (got, case["region"].as_str()) {
            let country = number.country().unwrap_or("001");
            if country != region {
                wrong.push(format!("{input:?}: expected the region {region}, got {country}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(used, EXCEPTIONS.len(), "an exception that no case uses");
}
