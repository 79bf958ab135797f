//! What is asked of the inventory.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// A member that was given: `null` is what its type makes of it, and for most an error.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// What `PATCH /api/numbers/{id}` reads. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NumberChangeRequest {
    /// The user; `null`: no user.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<String>")]
    pub user_id: Option<Option<String>>,
    /// The business; `null`: no business. A primary number is not primary in the next one by itself.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<String>")]
    pub business_id: Option<Option<String>>,
    /// The agent; `null`: no agent.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<String>")]
    pub agent_id: Option<Option<String>>,
    /// What you call it: 1 to 100 characters.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "String")]
    pub display_name: Option<String>,
    /// Sends when nothing else decides, in place of the number of its business that did.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "bool")]
    pub is_primary: Option<bool>,
    /// Sends and calls. A number that is switched off still receives.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "bool")]
    pub is_active: Option<bool>,
    /// Your notes, at most 2,000 characters; `null`: none.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<String>")]
    pub notes: Option<Option<String>>,
}

/// What `POST /api/numbers` reads: a number that you have at a provider and that is to be known here. It is
/// pending until its account proves that it holds it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NumberEntryRequest {
    /// The number, in E.164 or a national form of the deployment's country.
    pub phone_number: String,
    /// The provider account that holds it.
    pub provider_account_id: String,
    /// What you call it: 1 to 100 characters.
    pub display_name: String,
    /// `local`, `tollFree`, `mobile`, `international` or `vanity`; found out from the number unless said.
    pub number_type: Option<String>,
    /// The business that it is for.
    pub business_id: Option<String>,
    /// The user that it is for.
    pub user_id: Option<String>,
    /// Your notes, at most 2,000 characters.
    pub notes: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::NumberChangeRequest;

    #[test]
    fn what_is_null_is_not_what_is_left_out() {
        let read = |text: &str| serde_json::from_str::<NumberChangeRequest>(text);
        assert_eq!(read("{}").unwrap(), NumberChangeRequest::default());
        let change =
            read(r#"{"agentId": null, "userId": "u-1", "notes": null, "isPrimary": false}"#).unwrap();
        assert_eq!(
            change,
            NumberChangeRequest {
                agent_id: Some(None),
                user_id: Some(Some("u-1".into())),
                notes: Some(None),
                is_primary: Some(false),
                ..NumberChangeRequest::default()
            }
        );
        for bad in [
            r#"{"isActive": null}"#,
            r#"{"displayName": null}"#,
            r#"{"isPrimary": "yes"}"#,
            r#"{"routes": []}"#,
            r#"{"id": "x"}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
