use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::LineEnding;
use proptest::prelude::*;
use serde_json::{Value, json};
use telephony_testkit::certificates::{Certified, certified, certified_on_another_curve};

use super::*;
use crate::domain::secret::Secret;

const NOW: i64 = 1_795_262_400;
const DAY: i64 = 86_400;
const X5U: &str = "https://tandem.example.com/api/stir/certificates/1.pem";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn fresh() -> Certified {
    certified(NOW - DAY, NOW + DAY)
}

fn signer(certified: &Certified) -> SigningIdentity {
    SigningIdentity::read(&Secret::new(&*certified.key), &certified.certificate).unwrap()
}

fn tn(text: &str) -> Tn {
    Tn::read(text).unwrap()
}

fn claims() -> Claims {
    Claims {
        attest: Attestation::A,
        dest: vec![tn("+1 (215) 555-0131")],
        iat: NOW,
        orig: tn("12155550121"),
        origid: OrigId::from_ulid(7).as_str().to_owned(),
    }
}

fn call() -> Expected {
    Expected { from: tn("12155550121"), to: tn("12155550131"), at: at(NOW) }
}

#[track_caller]
fn checked(value: &str, chain: &Chain, call: &Expected) -> Result<Claims, Refusal> {
    Identity::parse(value).map_or_else(|why| panic!("{why}"), |identity| check(&identity, chain, call))
}

/// Any header and claims, signed by this key.
fn signed(certified: &Certified, header: &Value, payload: &Value) -> String {
    let key = SigningKey::from(&SecretKey::from_pem(&certified.key).unwrap());
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", encode(header), encode(payload));
    let signature: Signature = key.sign(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

#[test]
fn a_token_is_canonical_to_the_byte() {
    let token = signer(&fresh()).sign(X5U, &claims()).unwrap();
    let parts: Vec<String> = token
        .split('.')
        .take(2)
        .map(|part| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0], format!(r#"{{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"{X5U}"}}"#));
    assert_eq!(
        parts[1],
        format!(
            r#"{{"attest":"A","dest":{{"tn":["12155550131"]}},"iat":{NOW},"orig":{{"tn":"12155550121"}},"origid":"{}"}}"#,
            claims().origid
        )
    );
    assert_eq!(header_value("t", X5U), format!("t;info=<{X5U}>;alg=ES256;ppt=\"shaken\""));
}

#[test]
fn every_reason_to_refuse_is_told_apart() {
    let ours = fresh();
    let (identity, chain) = (signer(&ours), Chain::read(&ours.certificate).unwrap());
    let token = identity.sign(X5U, &claims()).unwrap();
    let value = header_value(&token, X5U);
    assert_eq!(checked(&value, &chain, &call()), Ok(claims()));

    let other = fresh();
    let others = Chain::read(&other.certificate).unwrap();
    assert_eq!(checked(&value, &others, &call()), Err(Refusal::SignatureInvalid));

    for (seconds, held) in [(60, true), (61, false), (-60, true), (-61, false)] {
        let moved = Expected { at: at(NOW + seconds), ..call() };
        let expected = if held { Ok(claims()) } else { Err(Refusal::Stale) };
        assert_eq!(checked(&value, &chain, &moved), expected, "{seconds}");
    }
    let from = Expected { from: tn("12155550122"), ..call() };
    let to = Expected { to: tn("911"), ..call() };
    for wrong in [from, to] {
        assert_eq!(checked(&value, &chain, &wrong), Err(Refusal::WrongNumber));
    }

    for beside in [
        format!("{token};info=<https://evil.example/1.pem>;alg=ES256;ppt=shaken"),
        format!("{token};info=<{X5U}>;alg=RS256;ppt=shaken"),
        format!("{token};info=<{X5U}>;alg=ES256;ppt=div"),
    ] {
        assert_eq!(checked(&beside, &chain, &call()), Err(Refusal::HeaderAltered), "{beside}");
    }
    assert_eq!(checked("..c2ln;alg=ES256;ppt=shaken", &chain, &call()), Err(Refusal::CompactForm));

    for (from, until, refusal) in [
        (NOW - 2 * DAY, NOW - DAY, Refusal::CertificateExpired),
        (NOW + DAY, NOW + 2 * DAY, Refusal::CertificateNotYetValid),
    ] {
        let past = certified(from, until);
        let chain = Chain::read(&past.certificate).unwrap();
        let value = header_value(&signer(&past).sign(X5U, &claims()).unwrap(), X5U);
        assert_eq!(checked(&value, &chain, &call()), Err(refusal));
        // An expired certificate behind a good one spoils the chain as well.
        let both = Chain::read(&format!("{}{}", ours.certificate, past.certificate)).unwrap();
        assert_eq!(checked(&header_value(&token, X5U), &both, &call()), Err(refusal));
    }
    let words: std::collections::HashSet<&str> =
        Refusal::ALL.iter().map(|refusal| refusal.as_str()).collect();
    assert_eq!(words.len(), Refusal::ALL.len());
}

#[test]
fn what_is_signed_well_and_is_no_shaken_token_is_refused() {
    let certified = fresh();
    let chain = Chain::read(&certified.certificate).unwrap();
    let header = json!({"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": X5U});
    let payload = json!({"attest": "A", "dest": {"tn": ["12155550131"]}, "iat": NOW,
        "orig": {"tn": "12155550121"}, "origid": "x"});
    let with = |base: &Value, name: &str, value: Value| {
        let mut changed = base.clone();
        changed[name] = value;
        changed
    };
    let outcome = |header: &Value, payload: &Value| {
        checked(&signed(&certified, header, payload), &chain, &call()).map(|claims| claims.attest)
    };
    assert_eq!(outcome(&header, &payload), Ok(Attestation::A));
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("ppt", json!("div")),
        ("ppt", Value::Null),
        ("typ", json!("JWT")),
        ("x5u", Value::Null),
        ("crit", json!(["exp"])),
    ] {
        let changed = with(&header, name, value);
        assert_eq!(outcome(&changed, &payload), Err(Refusal::NotShaken), "{changed}");
    }
    for (name, value) in [
        ("attest", json!("D")),
        ("attest", Value::Null),
        ("dest", json!({"tn": []})),
        ("dest", json!({"uri": ["sip:a@example.com"]})),
        ("dest", json!("12155550131")),
        ("dest", json!([])),
        ("iat", json!("soon")),
        ("iat", json!(1.5)),
        ("iat", json!(1e300)),
        ("orig", json!({"tn": "+1215x"})),
        ("orig", json!({"tn": 12155550121_i64})),
        ("orig", json!("{")),
        ("origid", json!("")),
    ] {
        let changed = with(&payload, name, value);
        assert_eq!(outcome(&header, &changed), Err(Refusal::ClaimsInvalid), "{changed}");
    }
    // Times at both ends of what a number holds are far away, and no accident.
    for iat in [json!(i64::MAX), json!(i64::MIN), json!("0")] {
        assert_eq!(outcome(&header, &with(&payload, "iat", iat)), Err(Refusal::Stale));
    }
    // What others write otherwise means the same.
    for (name, value) in [
        ("iat", json!(NOW.to_string())),
        ("orig", json!(r#"{"tn":"12155550121"}"#)),
        ("dest", json!(r#"{"tn":"12155550131"}"#)),
        ("dest", json!({"tn": ["12155550199", "+1 215 555 0131"]})),
    ] {
        let changed = with(&payload, name, value);
        assert_eq!(outcome(&header, &changed), Ok(Attestation::A), "{changed}");
    }
}

#[test]
fn a_member_that_comes_twice_is_refused() {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signature = URL_SAFE_NO_PAD.encode([1; 64]);
    let header = part(r#"{"alg":"ES256"}"#);
    for payload in [r#"{"attest":"B","attest":"A"}"#, "[]", "1", "{", ""] {
        let read = Token::parse(&format!("{header}.{}.{signature}", part(payload)));
        assert_eq!(read.err(), Some(Malformed::Json), "{payload}");
    }
    let twice = Identity::parse(&format!("{header}.{}.{signature};alg=a;alg=b", part("{}")));
    assert_eq!(twice.err(), Some(Malformed::Parameters));
}

#[test]
fn what_is_no_identity_header_is_told_why() {
    let token = signer(&fresh()).sign(X5U, &claims()).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    for (value, why) in [
        (String::new(), Malformed::Parts),
        ("a.b".to_owned(), Malformed::Parts),
        (format!("{token}.x"), Malformed::Parts),
        ("@@@.###.$$$;info=<https://x>".to_owned(), Malformed::Base64),
        (format!("{token}="), Malformed::Base64),
        (format!("{signed}.{}", &signature[..80]), Malformed::Signature),
        (format!("{token};info=https://x"), Malformed::Parameters),
        (format!("{token};info=<https://x"), Malformed::Parameters),
        (format!("{token};ppt=\"shaken"), Malformed::Parameters),
        (format!("{token};alg"), Malformed::Parameters),
        ("x".repeat(20_000), Malformed::TooLong),
    ] {
        assert_eq!(Identity::parse(&value).err(), Some(why), "{value}");
    }
    for parameters in ["", ";", " ; ppt = shaken ; x=\"a;b\"", &format!(";info=<{X5U}>;alg=\"ES256\"")] {
        let identity = Identity::parse(&format!("  {token} {parameters}")).unwrap();
        assert!(identity.agrees(identity.token.as_ref().unwrap()), "{parameters}");
    }
}

#[test]
fn keys_and_certificates_that_do_not_fit_are_told_apart() {
    let (one, other) = (fresh(), fresh());
    let read = |key: &str, chain: &str| SigningIdentity::read(&Secret::new(key), chain).err();
    assert_eq!(read(&one.key, &one.certificate), None);
    assert_eq!(read(&one.key, &other.certificate), Some(Unusable::KeyMismatch));
    assert_eq!(read("", &one.certificate), Some(Unusable::KeyUnreadable));
    assert_eq!(read(&one.certificate, &one.certificate), Some(Unusable::KeyUnreadable));
    assert_eq!(read(&one.key, ""), Some(Unusable::CertificateUnreadable));
    let curve = certified_on_another_curve(NOW - DAY, NOW + DAY);
    assert_eq!(read(&one.key, &curve.certificate), Some(Unusable::CertificateUnreadable));
    assert_eq!(read(&curve.key, &curve.certificate), Some(Unusable::KeyUnreadable));

    let sec1 = SecretKey::from_pem(&one.key).unwrap().to_sec1_pem(LineEnding::LF).unwrap();
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    assert_eq!(read(&format!("{parameters}{}\n", *sec1), &one.certificate), None);

    for (seconds, expected) in [
        (-DAY, Ok(())),
        (DAY, Ok(())),
        (-DAY - 1, Err(Unusable::CertificateNotYetValid)),
        (DAY + 1, Err(Unusable::CertificateExpired)),
    ] {
        assert_eq!(signer(&one).ready_at(at(NOW + seconds)), expected, "{seconds}");
    }
}

#[test]
fn only_certificates_are_published_and_nothing_secret_prints() {
    let certified = fresh();
    let chain = Chain::read(&format!("a comment\n{}\n{}", certified.key, certified.certificate)).unwrap();
    assert_eq!(chain.pem().replace("\r\n", "\n"), certified.certificate.replace("\r\n", "\n"));
    assert!(!chain.pem().contains("PRIVATE"));
    assert_eq!(chain.id().len(), 64);

    let secret = Secret::new(&*certified.key);
    let replaced = [fresh().certificate, "nonsense".to_owned()];
    let keyring = Keyring::read(&secret, &certified.certificate, &replaced);
    assert!(keyring.chain(chain.id()).is_some() && keyring.chain("0").is_none());
    assert!(keyring.chain(Chain::read(&replaced[0]).unwrap().id()).is_some());
    let line = certified.key.lines().nth(1).unwrap();
    let token = signer(&certified).sign(X5U, &claims()).unwrap();
    let printed =
        format!("{keyring:?} {:?} {:?} {:?}", keyring.signing, claims(), Identity::parse(&token).unwrap(),);
    for hidden in [line, "12155550121", token.split('.').nth(1).unwrap()] {
        assert!(!printed.contains(hidden), "{hidden}");
    }
    // Certificates that were replaced are published even when the key is unusable.
    let broken = Keyring::read(&Secret::new(""), "", &replaced);
    assert_eq!(broken.signing.err(), Some(Unusable::KeyUnreadable));
}

#[test]
fn an_origination_is_a_uuid_of_its_time() {
    let id = OrigId::from_ulid((0x0193_4567_89ab << 80) | u128::from(u64::MAX));
    assert_eq!(id.as_str(), "01934567-89ab-7000-bfff-ffffffffffff");
    assert_eq!(OrigId::parse(id.as_str()), Some(id));
    for bad in ["", "x", "01934567-89AB-7000-bfff-ffffffffffff", "01934567-89ab-7000-bfff-fffffffffff#"] {
        assert_eq!(OrigId::parse(bad), None, "{bad}");
    }
}

#[test]
fn no_character_of_a_token_can_be_another() {
    let certified = fresh();
    let chain = Chain::read(&certified.certificate).unwrap();
    let token = signer(&certified).sign(X5U, &claims()).unwrap();
    for (n, was) in token.char_indices() {
        // Its neighbours in the alphabet, too: they differ in the bits that the end of a part leaves unused.
        for put in ['A', 'B', 'z', '_', '.', '=', '"', char::from(was as u8 ^ 1)] {
            if put == was {
                continue;
            }
            let mut altered = token.clone();
            altered.replace_range(n..n + was.len_utf8(), &put.to_string());
            let outcome = Identity::parse(&altered).map(|identity| check(&identity, &chain, &call()).is_ok());
            assert!(!matches!(outcome, Ok(true)), "{n}: {was} became {put}");
        }
    }
}

fn numbers() -> impl Strategy<Value = String> {
    "[0-9]{1,15}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_signed_verifies(
        orig in numbers(), dest in proptest::collection::vec(numbers(), 1..5), letter in 0..3_usize,
        iat in 0..4_000_000_000_i64, origid in "[ -~é😀\"\\\\]{1,32}", late in -60..=60_i64,
    ) {
        let certified = certified(0, 4_100_000_000);
        let claims = Claims {
            attest: [Attestation::A, Attestation::B, Attestation::C][letter],
            dest: dest.iter().map(|text| tn(text)).collect(),
            iat,
            orig: tn(&orig),
            origid,
        };
        let value = header_value(&signer(&certified).sign(X5U, &claims).unwrap(), X5U);
        let now = (iat + late).max(0);
        for to in &dest {
            let call = Expected { from: tn(&orig), to: tn(to), at: at(now) };
            prop_assert_eq!(
                check(&Identity::parse(&value).unwrap(), &Chain::read(&certified.certificate).unwrap(), &call),
                Ok(claims.clone())
            );
        }
    }

    #[test]
    fn nothing_that_is_read_panics(value in ".{0,200}", part in "[A-Za-z0-9_-]{0,80}") {
        let _ = Identity::parse(&value);
        let _ = Identity::parse(&format!("{part}.{part}.{part};{value}"));
        let _ = Chain::read(&value);
        let _ = Chain::read(&format!("-----BEGIN CERTIFICATE-----{part}-----END CERTIFICATE-----"));
        let _ = Tn::read(&value);
    }

    #[test]
    fn claims_of_any_shape_do_not_panic(text in r#"\{"(attest|dest|iat|orig|origid)":[\[\]{}"a-z0-9:,.eE+-]{0,40}\}"#) {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","ppt":"shaken","x5u":"u"}"#);
        let value = format!("{header}.{}.{}", URL_SAFE_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode([1; 64]));
        if let Ok(token) = Token::parse(&value) {
            let _ = token.claims();
        }
    }
}
