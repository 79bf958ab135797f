//! What is asked for when a number is to move.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `POST /api/numbers/{id}/move` reads: another tenant, another account of the same provider, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MoveRequest {
    /// Who gets the number; its holder unless said.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// The provider account that holds it then; the present one unless said.
    #[serde(default)]
    pub provider_account_id: Option<String>,
    /// The user that it is assigned to then.
    #[serde(default)]
    pub user_id: Option<String>,
    /// The business that it is for then.
    #[serde(default)]
    pub business_id: Option<String>,
}
