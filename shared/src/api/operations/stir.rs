//! Signatures of calls.

use super::{Access, Answer, Operation, get, post, schema};
use crate::api::stir::{SignRequest, Signed, Verified, VerifyRequest};

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    post(
        "/api/stir/sign",
        "Sign a call of a session border controller of your own",
        200,
        Some(schema::<SignRequest>),
        Answer::Flat(schema::<Signed>),
    ),
    post(
        "/api/stir/verify",
        "Verify the signature of a call",
        200,
        Some(schema::<VerifyRequest>),
        Answer::Flat(schema::<Verified>),
    ),
    Operation {
        access: Access::Open,
        ..get(
            "/api/stir/certificates/{file}",
            "Read a certificate that calls were signed with",
            Answer::Other("application/pem-certificate-chain"),
            &[],
        )
    },
];
