//! TLS with the binary that is deployed.
//!
//! Our functions trust the five roots of Amazon and nothing else, and there is no switch that changes it.
//! So the benchmark measures a *copy* of the binary in which one of the five embedded certificates is
//! overwritten by a root made here; the code, the number of roots and the handshake stay the same.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::Error;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// A server for 127.0.0.1, and the root that vouches for it, as PEM.
///
/// # Errors
/// When a certificate cannot be made.
pub fn server() -> Result<(TlsAcceptor, String), Error> {
    let root_key = KeyPair::generate()?;
    let mut root = CertificateParams::new(Vec::<String>::new())?;
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = root.self_signed(&root_key)?.pem();
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
    let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key))?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), pem))
}

/// Copies a binary and overwrites the largest of its embedded certificates with `root`.
///
/// # Errors
/// When there is none that is large enough.
pub fn trusting_copy(binary: &Path, copy: &Path, root: &str) -> Result<(), Error> {
    let mut bytes = fs::read(binary)?;
    let places = certificates(&bytes);
    let largest = places.into_iter().max_by_key(|(from, to)| to - from);
    let (from, to) = largest.ok_or_else(|| format!("{} embeds no certificate", binary.display()))?;
    // What stands between two certificates is a comment.
    let text = format!("{:<width$}", root.trim_end(), width = to - from);
    let place = bytes.get_mut(from..to).filter(|place| place.len() == text.len());
    place.ok_or("the root is longer than the certificate that it replaces")?.copy_from_slice(text.as_bytes());
    // A copy that runs cannot be overwritten.
    let _ = fs::remove_file(copy);
    fs::write(copy, bytes)?;
    Ok(fs::set_permissions(copy, fs::Permissions::from_mode(0o755))?)
}

fn certificates(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(begin) = find(bytes, BEGIN, from) {
        let Some(end) = find(bytes, END, begin) else { break };
        let text = bytes.get(begin + BEGIN.len()..end).unwrap_or_default();
        // The parser's own constants look like a beginning, too.
        if text.len() > 400
            && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(byte))
        {
            found.push((begin, end + END.len()));
        }
        from = begin + BEGIN.len();
    }
    found
}

fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(needle.len()).position(|window| window == needle).map(|at| at + from)
}

#[cfg(test)]
mod tests {
    use super::certificates;

    #[test]
    fn only_whole_certificates_are_found() {
        let body = "A".repeat(500);
        let text = format!(
            "x-----BEGIN CERTIFICATE-----\0-----END CERTIFICATE-----y-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----z"
        );
        let found = certificates(text.as_bytes());
        assert_eq!(found.len(), 1);
        assert!(text[found[0].0..found[0].1].ends_with("A\n-----END CERTIFICATE-----"));
    }
}
