//! Signatures of calls for a session border controller of the customer's own: the part of
//! ATIS-1000082 that holds the key. The providers sign their calls themselves and take no signature.

mod publish;
mod sign;
mod verify;

pub use self::publish::PublishCertificates;
pub use self::sign::SignCalls;
pub use self::verify::VerifyCalls;

/// Where certificates are, below the base of the API.
const CERTIFICATES: &str = "/api/stir/certificates/";
/// What follows a certificate's id there.
const SUFFIX: &str = ".pem";

/// The URL of the certificate of this id.
fn certificate_url(base: &str, id: &str) -> String {
    format!("{base}{CERTIFICATES}{id}{SUFFIX}")
}

/// The id of the certificate that is at this URL; `None`: it is not one of ours.
fn own_certificate<'u>(base: &str, url: &'u str) -> Option<&'u str> {
    url.strip_prefix(base)?.strip_prefix(CERTIFICATES)?.strip_suffix(SUFFIX)
}
