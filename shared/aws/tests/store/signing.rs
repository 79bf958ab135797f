//! Calls signed and verified on a real table, with a key that is read from a secret.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use telephony::api::stir::{SignRequest, Signed, Verified, VerifyRequest};
use telephony::app::problem::{Code, Problem};
use telephony::app::stir::{PublishCertificates, SignCalls, VerifyCalls};
use telephony::domain::ids::TenantId;
use telephony::domain::number::NumberStatus;
use telephony::domain::passport::{Attestation, OrigId};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{CallSignatures, Clock, Keyrings, Numbers, StoreError};
use telephony_aws::{SecretSource, StirSecret, Store};
use telephony_testkit::certificates::{Certified, certified, certified_on_another_curve};

use crate::support::clock::{Counting, FakeClock};
use crate::support::samples::{number, tenant};
use crate::support::{Table, table};

const NOW: i64 = 1_795_262_400;
const DAY: i64 = 86_400;
const OURS: &str = "+12025550100";
const CALLED: &str = "+12025550142";
const BASE: &str = "https://tandem.example.com/v1";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// A secret that the test rewrites.
#[derive(Default)]
struct Held {
    text: Mutex<String>,
    reads: AtomicUsize,
    down: Mutex<bool>,
}

impl Held {
    fn put(&self, text: impl Into<String>) {
        *self.text.lock().unwrap() = text.into();
    }
}

#[async_trait::async_trait]
impl SecretSource for Held {
    async fn fetch(&self) -> Result<String, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if *self.down.lock().unwrap() {
            return Err(StoreError::Unavailable("secrets".into()));
        }
        Ok(self.text.lock().unwrap().clone())
    }
}

struct World {
    table: Table,
    secret: Arc<Held>,
    clock: Arc<FakeClock>,
    random: Arc<Counting>,
    keyrings: Arc<StirSecret>,
    tenant: TenantId,
}

fn secret_of(key: &str, certificates: &str, retired: &[&str]) -> String {
    json!({"privateKey": key, "certificates": certificates, "retiredCertificates": retired}).to_string()
}

fn of(certified: &Certified) -> String {
    secret_of(&certified.key, &certified.certificate, &[])
}

fn fresh() -> Certified {
    certified(NOW - DAY, NOW + 30 * DAY)
}

impl World {
    async fn new(text: String) -> Self {
        let table = table().await;
        let secret = Arc::new(Held::default());
        secret.put(text);
        let keyrings = Arc::new(StirSecret::new(secret.clone()));
        let clock = Arc::new(FakeClock::new(at(NOW)));
        let random = Arc::new(Counting::default());
        let world = Self { table, secret, clock, random, keyrings, tenant: tenant("demo") };
        assert!(world.table.store.put(&number(&world.tenant, "platform-twilio", OURS)).await.unwrap());
        world
    }

    fn signer(&self, store: Store) -> SignCalls {
        SignCalls {
            keyrings: self.keyrings.clone(),
            numbers: Arc::new(self.table.store.clone()),
            signatures: Arc::new(store),
            clock: self.clock.clone(),
            random: self.random.clone(),
            base: BASE.into(),
            default_country: "US".into(),
        }
    }

    async fn sign(&self, tenant: &TenantId, from: &str, to: &str) -> Result<Signed, Problem> {
        let asked = SignRequest { from: from.into(), to: to.into() };
        self.signer(self.table.store.clone()).sign(tenant, &"ann".parse().unwrap(), &asked).await
    }

    async fn verify(&self, asked: VerifyRequest) -> Result<Verified, Problem> {
        let verify = VerifyCalls {
            keyrings: self.keyrings.clone(),
            clock: self.clock.clone(),
            base: BASE.into(),
            default_country: "US".into(),
        };
        verify.verify(&asked).await
    }

    async fn published(&self, file: &str) -> Result<String, Problem> {
        PublishCertificates { keyrings: self.keyrings.clone() }.chain(file).await
    }

    async fn signatures(&self) -> usize {
        let found = self.table.client.scan().table_name(&self.table.name).send().await.unwrap();
        found.items().iter().filter(|item| item["ent"].as_s().unwrap() == "sig").count()
    }
}

/// Makes what is in memory older. Time stands still meanwhile only: it would jump while the table is asked.
async fn older(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

fn header(identity: &str, certificate: Option<&str>) -> VerifyRequest {
    VerifyRequest {
        identity: identity.into(),
        from: OURS.into(),
        to: CALLED.into(),
        certificate: certificate.map(str::to_owned),
    }
}

fn file(url: &str) -> &str {
    url.strip_prefix(&format!("{BASE}/api/stir/certificates/")).unwrap()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Problem>, code: Code, field: Option<&str>) {
    let problem = answer.unwrap_err();
    assert_eq!(problem.code(), code, "{problem:?}");
    assert_eq!(problem.errors().first().map(|error| error.field.as_str()), field);
}

#[tokio::test]
async fn what_is_signed_is_recorded_verifies_and_its_certificate_is_public() {
    let ours = fresh();
    let world = World::new(of(&ours)).await;
    let signed = world.sign(&world.tenant, "(202) 555-0100", CALLED).await.unwrap();
    assert_eq!(
        (signed.attestation, signed.from.as_str(), signed.to.as_str()),
        ("A", "12025550100", "12025550142")
    );
    assert_eq!(
        signed.identity,
        format!("{};info=<{}>;alg=ES256;ppt=\"shaken\"", signed.token, signed.certificate_url)
    );

    let id = OrigId::parse(&signed.orig_id).unwrap();
    let record = world.table.store.signature(&world.tenant, &id).await.unwrap().unwrap();
    assert_eq!(
        (record.attestation, record.from.expose(), record.to.expose()),
        (Attestation::A, "12025550100", "12025550142")
    );
    assert_eq!((record.user.as_str(), record.created_at), ("ann", at(NOW)));
    assert_eq!(file(&signed.certificate_url), format!("{}.pem", record.certificate));
    assert_eq!(world.table.store.signature(&tenant("rival"), &id).await.unwrap(), None);

    assert_eq!(
        world.published(file(&signed.certificate_url)).await.unwrap().lines().collect::<Vec<_>>(),
        ours.certificate.lines().collect::<Vec<_>>()
    );
    for unknown in ["", ".pem", "0.pem", &record.certificate] {
        refused(world.published(unknown).await, Code::NotFound, None);
    }
    for certificate in [None, Some(ours.certificate.as_str())] {
        let verified = world.verify(header(&signed.identity, certificate)).await.unwrap();
        assert!(verified.verified, "{verified:?}");
        assert_eq!(
            (verified.attestation, verified.orig_id.as_deref()),
            (Some("A"), Some(signed.orig_id.as_str()))
        );
    }
    // Twice asked is twice signed: two calls.
    let again = world.sign(&world.tenant, OURS, CALLED).await.unwrap();
    assert_ne!(again.orig_id, signed.orig_id);
    assert_eq!(world.signatures().await, 2);
    assert_eq!(world.secret.reads.load(Ordering::SeqCst), 1, "the key is kept in memory");
}

#[tokio::test]
async fn full_attestation_is_for_a_proven_active_number_of_this_tenant_only() {
    let world = World::new(of(&fresh())).await;
    let attested =
        async |who: &TenantId, from: &str| world.sign(who, from, CALLED).await.unwrap().attestation;
    assert_eq!(attested(&tenant("rival"), OURS).await, "B", "another's number");
    assert_eq!(attested(&world.tenant, "+12025550199").await, "B", "nobody's number");
    let mut n = 0;
    for status in NumberStatus::ALL {
        for is_active in [true, false] {
            n += 1;
            let phone = format!("+120255501{n:02}");
            let mut held = number(&world.tenant, "platform-twilio", &phone);
            (held.status, held.is_active) = (status, is_active);
            assert!(world.table.store.put(&held).await.unwrap());
            let full = status == NumberStatus::Active && is_active;
            assert_eq!(
                attested(&world.tenant, &phone).await,
                if full { "A" } else { "B" },
                "{status:?} {is_active}"
            );
        }
    }
}

#[tokio::test]
async fn without_a_usable_key_nothing_is_signed_and_nothing_recorded() {
    let (good, other) = (fresh(), fresh());
    let old = certified(NOW - 2 * DAY, NOW - 1);
    let early = certified(NOW + 1, NOW + DAY);
    let curve = certified_on_another_curve(NOW - DAY, NOW + DAY);
    for (text, said) in [
        ("{}".to_owned(), None),
        (secret_of("", "", &[]), None),
        (String::new(), Some("cannot be read")),
        ("[".to_owned(), Some("cannot be read")),
        (of(&old), Some("has expired")),
        (of(&early), Some("is not valid yet")),
        (secret_of(&good.key, &other.certificate, &[]), Some("is not the private key's")),
        (secret_of(&good.key, "", &[]), Some("certificate cannot be read")),
        (secret_of(&good.key, &format!("{}{}", good.certificate, old.certificate), &[]), Some("has expired")),
        (of(&curve), Some("private key cannot be read")),
    ] {
        let world = World::new(text).await;
        let problem = world.sign(&world.tenant, OURS, CALLED).await.unwrap_err();
        assert_eq!((problem.code(), problem.status()), (Code::StirNotConfigured, 503));
        let detail = problem.detail().unwrap_or_default();
        assert_eq!(said.is_some(), !detail.is_empty(), "{detail}");
        assert!(detail.contains(said.unwrap_or_default()), "{detail}");
        assert_eq!(world.signatures().await, 0);
    }
}

#[tokio::test]
async fn a_signature_that_cannot_be_recorded_is_not_given_out() {
    let world = World::new(of(&fresh())).await;
    let nowhere = Store::new(world.table.client.clone(), "there-is-no-such-table");
    let asked = SignRequest { from: OURS.into(), to: CALLED.into() };
    let answer = world.signer(nowhere).sign(&world.tenant, &"ann".parse().unwrap(), &asked).await;
    refused(answer, Code::Internal, None);
    assert_eq!(world.signatures().await, 0);
}

#[tokio::test]
async fn what_cannot_be_read_names_its_member() {
    let world = World::new(of(&fresh())).await;
    let signed = world.sign(&world.tenant, OURS, CALLED).await.unwrap();
    for (from, to, field) in [
        ("nobody", CALLED, "from"),
        (OURS, "911", "to"),
        ("", CALLED, "from"),
        (OURS, "+1 202 555 0142 x1", "to"),
    ] {
        refused(world.sign(&world.tenant, from, to).await, Code::InvalidNumber, Some(field));
    }
    let good = || header(&signed.identity, None);
    refused(
        world.verify(VerifyRequest { identity: "a.b".into(), ..good() }).await,
        Code::ValidationFailed,
        Some("identity"),
    );
    refused(
        world.verify(VerifyRequest { from: "x".into(), ..good() }).await,
        Code::InvalidNumber,
        Some("from"),
    );
    refused(
        world.verify(VerifyRequest { to: String::new(), ..good() }).await,
        Code::InvalidNumber,
        Some("to"),
    );
    let unreadable =
        header(&signed.identity, Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    refused(world.verify(unreadable).await, Code::ValidationFailed, Some("certificate"));
    assert_eq!(world.signatures().await, 1);
}

/// Another deployment's token names a certificate that is not here.
#[tokio::test]
async fn a_strangers_certificate_is_asked_for_and_never_fetched() {
    let theirs = World::new(of(&fresh())).await;
    let mut signer = theirs.signer(theirs.table.store.clone());
    signer.base = "https://elsewhere.example".into();
    let asked = SignRequest { from: OURS.into(), to: CALLED.into() };
    let signed = signer.sign(&theirs.tenant, &"ann".parse().unwrap(), &asked).await.unwrap();
    let ours = World::new(of(&fresh())).await;
    refused(ours.verify(header(&signed.identity, None)).await, Code::ValidationFailed, Some("certificate"));
    // A URL that only looks like ours is not ours.
    for base in [
        "https://tandem.example.com/v1x",
        "https://tandem.example.com/v1@evil.example",
        "http://tandem.example.com/v1",
    ] {
        signer.base = base.into();
        let signed = signer.sign(&theirs.tenant, &"ann".parse().unwrap(), &asked).await.unwrap();
        refused(
            ours.verify(header(&signed.identity, None)).await,
            Code::ValidationFailed,
            Some("certificate"),
        );
    }
    // One that names ours, and was signed by somebody else.
    signer.base = BASE.into();
    let forged = signer.sign(&theirs.tenant, &"ann".parse().unwrap(), &asked).await.unwrap();
    let verified = ours.verify(header(&forged.identity, None)).await.unwrap();
    assert_eq!((verified.verified, verified.reason), (false, Some("certificate_unknown")));
    assert_eq!((verified.attestation, verified.orig_id, verified.from), (None, None, None));
    let compact = ours.verify(header("..c2ln;alg=ES256", None)).await.unwrap();
    assert_eq!(compact.reason, Some("compact_form"));
}

#[tokio::test]
async fn a_rotation_is_seen_and_what_was_signed_before_still_verifies() {
    let (first, second) = (fresh(), fresh());
    let world = World::new(of(&first)).await;
    let before = world.sign(&world.tenant, OURS, CALLED).await.unwrap();
    let rotated = secret_of(&second.key, &second.certificate, &[&first.certificate]);
    world.secret.put(rotated.clone());
    // Another process has the new key already; this one learns of it when its certificate is asked for.
    let elsewhere = World::new(rotated).await;
    let after = elsewhere.sign(&elsewhere.tenant, OURS, CALLED).await.unwrap();
    assert_ne!(after.certificate_url, before.certificate_url);
    refused(world.published(file(&after.certificate_url)).await, Code::NotFound, None);
    older(11).await;
    assert!(world.published(file(&after.certificate_url)).await.is_ok());
    assert!(world.published(file(&before.certificate_url)).await.is_ok());
    for signed in [&before, &after] {
        assert!(world.verify(header(&signed.identity, None)).await.unwrap().verified);
    }
    assert_eq!(world.sign(&world.tenant, OURS, CALLED).await.unwrap().certificate_url, after.certificate_url);

    // Strangers' questions do not become calls to Secrets Manager, and its failure is survived.
    let reads = world.secret.reads.load(Ordering::SeqCst);
    for n in 0..50 {
        refused(world.published(&format!("{n}.pem")).await, Code::NotFound, None);
    }
    assert_eq!(world.secret.reads.load(Ordering::SeqCst), reads);
    *world.secret.down.lock().unwrap() = true;
    older(301).await;
    assert!(world.keyrings.keyring().await.unwrap().is_some());
    assert!(!format!("{:?} {:?}", world.keyrings, world.keyrings.keyring().await).contains("PRIVATE"));
}

#[tokio::test]
async fn a_call_that_is_not_what_was_signed_is_refused() {
    let world = World::new(of(&fresh())).await;
    let signed = world.sign(&world.tenant, OURS, CALLED).await.unwrap();
    let reason = async |asked: VerifyRequest| world.verify(asked).await.unwrap().reason;
    let good = || header(&signed.identity, None);
    assert_eq!(reason(VerifyRequest { from: "+12025550101".into(), ..good() }).await, Some("wrong_number"));
    assert_eq!(reason(VerifyRequest { to: "911".into(), ..good() }).await, Some("wrong_number"));
    let altered = signed.identity.replace("ppt=\"shaken\"", "ppt=div");
    assert_eq!(reason(header(&altered, None)).await, Some("header_altered"));
    assert_eq!(reason(header(&signed.identity, Some(&fresh().certificate))).await, Some("signature_invalid"));
    world.clock.reach(world.clock.now().plus(Duration::from_secs(61)));
    assert_eq!(reason(good()).await, Some("stale"));
    world.clock.reach(at(NOW + 31 * DAY));
    assert_eq!(reason(good()).await, Some("certificate_expired"));
    let refused: Value = serde_json::to_value(world.verify(good()).await.unwrap()).unwrap();
    assert_eq!(refused, json!({"verified": false, "reason": "certificate_expired"}));
}
