//! Keys and certificates for signatures of calls, made anew for each test.

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384};
use time::OffsetDateTime;

/// A private key and a certificate that is signed by itself.
#[derive(Clone)]
pub struct Certified {
    /// PEM, PKCS #8.
    pub key: String,
    /// PEM.
    pub certificate: String,
}

/// A key on P-256 and its certificate, which counts from one second of the epoch to another.
pub fn certified(from: i64, until: i64) -> Certified {
    made(&KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key"), from, until)
}

/// The same on a curve that SHAKEN does not know.
pub fn certified_on_another_curve(from: i64, until: i64) -> Certified {
    made(&KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key"), from, until)
}

fn made(key: &KeyPair, from: i64, until: i64) -> Certified {
    let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
    parameters.not_before = OffsetDateTime::from_unix_timestamp(from).expect("a time");
    parameters.not_after = OffsetDateTime::from_unix_timestamp(until).expect("a time");
    let certificate = parameters.self_signed(key).expect("a certificate").pem();
    Certified { key: key.serialize_pem(), certificate }
}
