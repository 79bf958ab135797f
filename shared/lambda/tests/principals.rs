//! Who calls: claims only, and fail closed.
#![expect(clippy::unwrap_used, clippy::unwrap_in_result, reason = "helpers of tests")]

use async_trait::async_trait;
use serde_json::{Value, json};
use telephony::app::problem::Problem;
use telephony::domain::ids::TenantId;
use telephony::ports::{Clients, StoreError};
use telephony_lambda::config::Settings;
use telephony_lambda::event::HttpEvent;
use telephony_lambda::principal::{ClaimNames, Principal};

struct OneClient;

#[async_trait]
impl Clients for OneClient {
    async fn tenant_of(&self, client: &str) -> Result<Option<TenantId>, StoreError> {
        Ok((client == "machine-1").then(|| "acme".parse().unwrap()))
    }

    async fn bind(&self, _client: &str, _tenant: Option<&TenantId>) -> Result<(), StoreError> {
        Ok(())
    }
}

fn event(authorizer: &Value) -> Value {
    json!({
        "rawPath": "/api/messages",
        "headers": {
            "authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJldmlsIiwiY3VzdG9tOnRlbmFudF9pZCI6ImEifQ.",
            "x-amzn-oidc-identity": "evil",
            "x-amzn-oidc-data": "evil",
            "custom:tenant_id": "evil",
        },
        "requestContext": {"http": {"method": "GET"}, "authorizer": authorizer},
    })
}

fn of_event(event: Value, settings: &[(&str, &str)]) -> Result<Principal, Problem> {
    let request = serde_json::from_value::<HttpEvent>(event).unwrap().into_request("r").unwrap();
    let names = ClaimNames::of(&Settings::of(settings)).unwrap();
    futures_util::FutureExt::now_or_never(Principal::of(&request, &names, &OneClient)).unwrap()
}

fn of(claims: &Value, settings: &[(&str, &str)]) -> Result<Principal, Problem> {
    of_event(event(&json!({"jwt": {"claims": claims, "scopes": null}})), settings)
}

fn status(result: Result<Principal, Problem>) -> u16 {
    result.map_or_else(|problem| problem.status(), |_| 200)
}

#[test]
fn a_person_has_the_tenant_and_the_groups_of_the_token() {
    let claims = json!({"sub": "u-1", "custom:tenant_id": "acme", "cognito:groups": "[tenant-admin x]"});
    let principal = of(&claims, &[]).unwrap();
    assert_eq!((principal.tenant.as_str(), principal.user.as_str()), ("acme", "u-1"));
    assert_eq!((principal.admin, principal.tenant_admin), (false, true));
    assert!(principal.require_tenant_admin().is_ok());
    assert_eq!(principal.require_admin().unwrap_err().status(), 403);

    let names = [("TENANT_CLAIM", "org"), ("GROUPS_CLAIM", "roles")];
    let claims = json!({"sub": "u-1", "org": "acme", "roles": ["admin"], "cognito:groups": "[tenant-admin]"});
    let principal = of(&claims, &names).unwrap();
    assert_eq!((principal.admin, principal.tenant_admin), (true, false));
    assert!(principal.require_tenant_admin().is_ok(), "the platform may do what a tenant may");
}

#[test]
fn a_rest_apis_claims_are_read_where_it_puts_them() {
    let event = json!({
        "path": "/api/messages", "httpMethod": "GET", "headers": {},
        "requestContext": {"authorizer": {"claims": {
            "sub": "u-1", "custom:tenant_id": "acme", "cognito:groups": "a,admin",
        }}},
    });
    let principal = of_event(event, &[]).unwrap();
    assert_eq!((principal.tenant.as_str(), principal.admin), ("acme", true));
}

#[test]
fn without_checked_claims_nobody_is_there() {
    for authorizer in [
        Value::Null,
        json!({}),
        json!({"lambda": {"sub": "u", "custom:tenant_id": "acme"}}),
        json!({"claims": {"sub": "u", "custom:tenant_id": "acme"}}),
        json!({"jwt": {"claims": "sub=u"}}),
        json!({"jwt": {"claims": {"custom:tenant_id": "acme"}}}),
        json!({"jwt": {"claims": {"sub": "", "custom:tenant_id": "acme"}}}),
        json!({"jwt": {"claims": {"sub": 7, "custom:tenant_id": "acme"}}}),
    ] {
        assert_eq!(status(of_event(event(&authorizer), &[])), 401, "{authorizer}");
    }
    let mut balanced = event(&json!({"jwt": {"claims": {"sub": "u", "custom:tenant_id": "acme"}}}));
    balanced["requestContext"]["elb"] = json!({"targetGroupArn": "arn"});
    assert_eq!(status(of_event(balanced, &[])), 401);
}

#[test]
fn without_a_tenant_nothing_is_allowed_unless_there_is_only_one() {
    let nobody = json!({"sub": "u-1", "cognito:groups": "[admin]"});
    assert_eq!(status(of(&nobody, &[])), 403);
    assert_eq!(of(&nobody, &[("SINGLE_TENANT", "true")]).unwrap().tenant.as_str(), "default");
    assert_eq!(status(of(&nobody, &[("SINGLE_TENANT", "false")])), 403);
    for bad in ["a#b", "../x", "a b"] {
        let claims = json!({"sub": "u-1", "custom:tenant_id": bad});
        assert_eq!(status(of(&claims, &[("SINGLE_TENANT", "true")])), 403, "{bad}");
    }
    assert!(ClaimNames::of(&Settings::of(&[("SINGLE_TENANT", "yes")])).is_err());
}

#[test]
fn a_machine_speaks_for_the_tenant_that_it_is_bound_to() {
    let machine = |scope: &str| json!({"sub": "machine-1", "client_id": "machine-1", "scope": scope});
    let principal = of(&machine("https://api.example.com/tenant-admin tandem/send"), &[]).unwrap();
    assert_eq!((principal.tenant.as_str(), principal.user.as_str()), ("acme", "machine-1"));
    assert_eq!((principal.admin, principal.tenant_admin), (false, true));
    assert!(of(&machine("tandem/admin"), &[]).unwrap().admin);
    for no_role in ["tandem/admins", "admin/x", "aws.cognito.signin.user.admin", ""] {
        assert!(!of(&machine(no_role), &[]).unwrap().admin, "{no_role}");
    }
    let mut grouped = machine("");
    grouped["cognito:groups"] = json!("[admin]");
    assert!(!of(&grouped, &[]).unwrap().admin, "a machine's roles come from its scopes");

    let unbound = json!({"sub": "machine-2", "client_id": "machine-2", "scope": "tandem/admin"});
    assert_eq!(status(of(&unbound, &[])), 403);
    let person = json!({"sub": "u-1", "client_id": "machine-1", "scope": "tandem/admin"});
    assert_eq!(status(of(&person, &[])), 403, "an access token of a person names no tenant");
}

#[test]
fn only_the_platform_may_name_another_tenant() {
    let of_group = |group: &str| {
        of(&json!({"sub": "u", "custom:tenant_id": "acme", "cognito:groups": group}), &[]).unwrap()
    };
    let user = of_group("[tenant-admin]");
    assert_eq!(user.for_tenant(None).unwrap().as_str(), "acme");
    assert_eq!(user.for_tenant(Some("acme")).unwrap().as_str(), "acme");
    for other in ["other", "", "a#b"] {
        assert_eq!(user.for_tenant(Some(other)).unwrap_err().status(), 403, "{other}");
    }
    let admin = of_group("[admin]");
    assert_eq!(admin.for_tenant(Some("other")).unwrap().as_str(), "other");
    let problem = admin.for_tenant(Some("a#b")).unwrap_err();
    assert_eq!((problem.status(), problem.errors()[0].field.as_str()), (400, "tenantId"));
}
