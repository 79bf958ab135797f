//! Tokens that others published: RFC 8225 and 8588, libstirshaken, Twilio.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::VerifyingKey;
use p256::pkcs8::DecodePublicKey;
use p256::{SecretKey, ecdsa::SigningKey};
use serde_json::Value;
use telephony_testkit::facts::facts;

use super::*;

fn text<'v>(case: &'v Value, member: &str) -> Option<&'v str> {
    case.get(member).and_then(Value::as_str)
}

fn vectors() -> Option<Value> {
    facts().map(|facts| facts.json("vectors/stir_shaken_passport.json"))
}

fn list<'v>(vectors: &'v Value, name: &str) -> &'v [Value] {
    vectors.get(name).and_then(Value::as_array).expect(name)
}

#[test]
fn published_tokens_verify_and_say_what_they_say() {
    let Some(vectors) = vectors() else { return };
    let mut verified = 0;
    for case in list(&vectors, "passports") {
        let name = text(case, "name").unwrap();
        let token = Token::parse(text(case, "token").unwrap()).expect(name);
        if let Some(key) = text(case, "public_key_spki_b64") {
            let key = VerifyingKey::from_public_key_der(&STANDARD.decode(key).unwrap()).unwrap();
            assert_eq!(Some(token.is_signed_by(&key)), case["signature_valid"].as_bool(), "{name}");
            verified += 1;
        }
        let Some(expect) = case.get("expect") else { continue };
        let claims = token.claims();
        let letter = claims.as_ref().ok().map(|claims| claims.attest.as_str());
        assert_eq!(letter, text(expect, "attest"), "{name}");
        if let (Some(orig), Ok(claims)) = (text(expect, "orig"), &claims) {
            assert_eq!(claims.orig.expose(), orig, "{name}");
            let dest: Vec<&str> = claims.dest.iter().map(Tn::expose).collect();
            assert_eq!(serde_json::json!(dest), expect["dest"], "{name}");
        }
        if expect.get("ppt").is_some() {
            assert!(!token.header().is_shaken(), "{name}");
        }
    }
    assert!(verified >= 9, "{verified} tokens");
}

/// The example of RFC 8225 has a time in quotes and no attestation: it is read, and is no SHAKEN token.
#[test]
fn the_example_of_rfc_8225_is_signed_well_and_vouches_for_nothing() {
    let Some(vectors) = vectors() else { return };
    let token = Token::parse(text(&list(&vectors, "passports")[0], "token").unwrap()).unwrap();
    assert!(!token.header().is_shaken());
    assert_eq!(token.claims(), Err(Refusal::ClaimsInvalid));
}

#[test]
fn the_claims_of_rfc_8588_are_signed_to_the_byte() {
    let Some(vectors) = vectors() else { return };
    let der = STANDARD.decode(text(&vectors, "rfc8225_private_key_sec1_b64").unwrap()).unwrap();
    let key = SigningKey::from(&SecretKey::from_sec1_der(&der).unwrap());
    let case = &list(&vectors, "passports")[2];
    let token = Token::parse(text(case, "token").unwrap()).unwrap();
    let x5u = token.header().x5u.clone().unwrap();
    let signed = token::sign(&key, &x5u, &token.claims().unwrap()).unwrap();
    assert_eq!(Some(signed.as_str()), text(case, "token"));
    assert_eq!(Some(header_value(&signed, &x5u).as_str()), text(case, "identity_header"));
}

/// Signed by their certificate, within its time, for their numbers; and refused for anything else.
#[test]
fn the_tokens_of_libstirshaken_hold_within_the_time_of_their_certificate() {
    let Some(vectors) = vectors() else { return };
    let of = &vectors["libstirshaken"];
    let chain = Chain::read(text(of, "cert_pem").unwrap()).unwrap();
    let both = format!("{}{}", text(of, "cert_pem").unwrap(), text(of, "ca_pem").unwrap());
    let both = Chain::read(&both).unwrap();
    let authority = Chain::read(text(of, "ca_pem").unwrap()).unwrap();
    assert_eq!(chain.id(), both.id());
    assert_eq!(chain.pem().trim(), text(of, "cert_pem").unwrap().trim());
    let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
    for (when, outcome) in [
        ("2020-10-22T22:14:37Z", Err(Refusal::CertificateNotYetValid)),
        ("2020-10-22T22:14:38Z", Ok(())),
        ("2048-03-08T22:14:38Z", Ok(())),
        ("2048-03-08T22:14:39Z", Err(Refusal::CertificateExpired)),
    ] {
        assert_eq!(chain.counts_at(at(when)), outcome, "{when}");
    }
    // The authority's own certificate ends first, and the chain with it.
    assert_eq!(both.counts_at(at("2048-01-01T00:00:00Z")), Err(Refusal::CertificateExpired));

    let tokens = list(&vectors, "passports")
        .iter()
        .filter(|case| text(case, "source").unwrap().contains("libstirshaken"));
    let mut seen = 0;
    for case in tokens {
        let value = text(case, "identity_header").or(text(case, "token")).unwrap();
        let identity = Identity::parse(value).unwrap();
        let iat = case["payload"]["iat"].as_i64().unwrap();
        let call = |from: &str, to: &str, at: i64| Expected {
            from: Tn::read(from).unwrap(),
            to: Tn::read(to).unwrap(),
            at: Timestamp::from_millis(at * 1000),
        };
        let theirs = call("01256789999", "01256500600", iat + 60);
        assert!(check(&identity, &chain, &theirs).is_ok());
        assert!(check(&identity, &both, &theirs).is_ok());
        assert_eq!(check(&identity, &authority, &theirs), Err(Refusal::SignatureInvalid));
        let late = call("01256789999", "01256500600", iat + 61);
        assert_eq!(check(&identity, &chain, &late), Err(Refusal::Stale));
        let other = call("01256789998", "01256500600", iat);
        assert_eq!(check(&identity, &chain, &other), Err(Refusal::WrongNumber));
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn headers_are_read_in_every_spelling() {
    let Some(vectors) = vectors() else { return };
    for case in list(&vectors, "identity_headers") {
        let read = Identity::parse(text(case, "value").unwrap());
        assert_eq!(read.is_ok(), case["parses"].as_bool().unwrap(), "{case}");
        if let Ok(Identity { token: Some(token), .. }) = &read {
            assert!(read.as_ref().is_ok_and(|identity| identity.agrees(token)), "{case}");
        }
    }
}
