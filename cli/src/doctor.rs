//! `tandem doctor`: where the numbers' events go, and back with them.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::{HeaderValue, Method, Request, header};
use serde::Deserialize;
use serde_json::{Value, json};
use telephony::provider::ProviderId;
use telephony::provider::transport::HttpTransport;
use telephony_http::ReqwestTransport;

use crate::{Failure, output};

/// The gateway answers within 30 seconds, whatever it answers.
const PATIENCE: Duration = Duration::from_secs(35);

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The stack's address: what stands before `/api/`.
    #[arg(long, env = "TANDEM_API")]
    api: String,
    /// A token of the role `admin`.
    #[arg(long, env = "TANDEM_TOKEN", hide_env_values = true)]
    token: String,
    /// Mend what is found; else it is only told.
    #[arg(long)]
    repair: bool,
    /// Only this provider.
    #[arg(long)]
    provider: Option<ProviderId>,
    /// The accounts of this tenant; those of the platform unless said.
    #[arg(long)]
    tenant: Option<telephony::domain::ids::TenantId>,
}

/// What the API answers, as far as it is told here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Findings {
    checked: u64,
    drifted: Vec<Drift>,
    unmanaged: u64,
    unavailable: Vec<Unavailable>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Drift {
    phone_number: Option<String>,
    provider: String,
    resource: Resource,
    field: String,
    expected: Option<String>,
    found: Option<String>,
    reason: String,
    repairable: bool,
    repaired: bool,
}

#[derive(Debug, Deserialize)]
struct Resource {
    kind: String,
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unavailable {
    provider_account_id: String,
    code: String,
}

impl Drift {
    fn state(&self) -> &'static str {
        match (self.repaired, self.repairable) {
            (true, _) => "repaired",
            (false, true) => "repairable",
            (false, false) => "not ours",
        }
    }

    fn cells(&self) -> [String; 7] {
        let resource = || format!("{} {}", self.resource.kind, self.resource.id);
        let set = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        [
            self.state().to_owned(),
            self.provider.clone(),
            self.phone_number.clone().unwrap_or_else(resource),
            self.field.clone(),
            self.reason.clone(),
            set(&self.found),
            set(&self.expected),
        ]
    }
}

const HEADINGS: [&str; 7] = ["STATE", "PROVIDER", "NUMBER", "SETTING", "WHY", "FOUND", "EXPECTED"];

/// The findings as lines of equal columns, and a line that sums them up.
fn table(findings: &Findings) -> String {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(findings.drifted.iter().map(Drift::cells));
    let mut text = String::new();
    if rows.len() > 1 {
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        for row in &rows {
            let cells = row.iter().enumerate().map(|(at, cell)| format!("{cell:<0$}", width(at)));
            let line = cells.collect::<Vec<_>>().join("  ");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text.push('\n');
    }
    let repaired = findings.drifted.iter().filter(|drift| drift.repaired).count();
    let _ = write!(
        text,
        "{} numbers checked, {} settings differ, {repaired} repaired, {} numbers of nobody here left alone",
        findings.checked,
        findings.drifted.len(),
        findings.unmanaged
    );
    for account in &findings.unavailable {
        let _ = write!(text, "\n{} could not be asked: {}", account.provider_account_id, account.code);
    }
    text
}

impl Doctor {
    fn body(&self, cursor: Option<&str>) -> Value {
        let mut body = json!({ "dryRun": !self.repair });
        let tenant = self.tenant.as_ref().map(|tenant| tenant.as_str());
        let provider = self.provider.map(ProviderId::as_str);
        for (name, value) in [("provider", provider), ("tenantId", tenant), ("cursor", cursor)] {
            if let (Some(value), Some(members)) = (value, body.as_object_mut()) {
                members.insert(name.to_owned(), value.into());
            }
        }
        body
    }

    fn request(&self, cursor: Option<&str>) -> Result<Request<Bytes>, Failure> {
        let wrong = |what: &str| Failure::Usage(format!("{what} cannot be used"));
        let mut token =
            HeaderValue::from_str(&format!("Bearer {}", self.token)).map_err(|_| wrong("the token"))?;
        token.set_sensitive(true);
        Request::builder()
            .method(Method::POST)
            .uri(format!("{}/api/numbers/repair-webhooks", self.api.trim_end_matches('/')))
            .header(header::AUTHORIZATION, token)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(self.body(cursor).to_string()))
            .map_err(|_| wrong("the address"))
    }

    async fn page(&self, transport: &dyn HttpTransport, cursor: Option<&str>) -> Result<Findings, Failure> {
        let answer = transport.execute(self.request(cursor)?).await;
        let answer = answer.map_err(|error| Failure::Refused(format!("no answer: {error}")))?;
        if answer.status() != 200 {
            let said = String::from_utf8_lossy(answer.body()).chars().take(500).collect::<String>();
            return Err(Failure::Refused(format!("the API answered {}: {said}", answer.status())));
        }
        let strange = |_| Failure::Refused("the API's answer cannot be read".into());
        serde_json::from_slice(answer.body()).map_err(strange)
    }

    /// Everything, from cursor to cursor.
    async fn findings(&self, transport: &dyn HttpTransport) -> Result<Findings, Failure> {
        let mut all = Findings::default();
        loop {
            let page = self.page(transport, all.next_cursor.as_deref()).await?;
            all.checked += page.checked;
            all.unmanaged += page.unmanaged;
            all.drifted.extend(page.drifted);
            all.unavailable.extend(page.unavailable);
            all.next_cursor = page.next_cursor;
            if all.next_cursor.is_none() {
                return Ok(all);
            }
        }
    }
}

/// Looks, mends if asked to, and tells. What stays as it should not be, or could not be looked at, is a
/// failure.
pub(crate) async fn run(doctor: &Doctor) -> Result<(), Failure> {
    let transport = ReqwestTransport::new(PATIENCE).map_err(|error| Failure::Refused(error.to_string()))?;
    let findings = doctor.findings(&transport).await?;
    output::text(&table(&findings))?;
    verdict(&findings)
}

fn verdict(findings: &Findings) -> Result<(), Failure> {
    let left = findings.drifted.iter().filter(|drift| !drift.repaired).count();
    match (left, findings.unavailable.len()) {
        (0, 0) => Ok(()),
        (0, accounts) => Err(Failure::Refused(format!("{accounts} accounts could not be asked"))),
        (left, _) => Err(Failure::Refused(format!("{left} settings are not as they should be"))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::{Doctor, Findings, table, verdict};
    use crate::Failure;
    use async_trait::async_trait;
    use bytes::Bytes;
    use http::{Request, Response};
    use serde_json::{Value, json};
    use telephony::provider::transport::{HttpTransport, TransportError};

    /// Answers one after the other, and keeps what it was asked.
    struct Api(Mutex<Vec<Value>>, Mutex<Vec<Value>>);

    #[async_trait]
    impl HttpTransport for Api {
        async fn execute(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
            assert_eq!(request.uri(), "http://x.example/prod/api/numbers/repair-webhooks");
            assert_eq!(request.headers()["authorization"], "Bearer t");
            self.1.lock().unwrap().push(serde_json::from_slice(request.body()).unwrap());
            let answer = self.0.lock().unwrap().remove(0);
            let status = if answer["code"].is_null() { 200 } else { 403 };
            Ok(Response::builder().status(status).body(answer.to_string().into()).unwrap())
        }
    }

    fn doctor(repair: bool) -> Doctor {
        Doctor {
            api: "http://x.example/prod/".into(),
            token: "t".into(),
            repair,
            provider: Some("telnyx".parse().unwrap()),
            tenant: None,
        }
    }

    fn drift(repaired: bool) -> Value {
        json!({"phoneNumber": "+14155550100", "provider": "telnyx", "providerAccountId": "platform-telnyx",
            "resource": {"kind": "number", "id": "7"}, "field": "connection_id", "expected": "9", "found": null,
            "reason": "missing", "repairable": true, "repaired": repaired})
    }

    fn page(drifted: &[Value], cursor: Option<&str>) -> Value {
        json!({"success": true, "checked": 2, "drifted": drifted, "unmanaged": 1, "unavailable": [],
            "nextCursor": cursor})
    }

    #[tokio::test]
    async fn it_goes_on_from_the_cursor_and_sums_up() {
        let answers = vec![page(&[drift(true)], Some("c1")), page(&[], None)];
        let api = Api(Mutex::new(answers), Mutex::default());
        let findings = doctor(true).findings(&api).await.unwrap();
        let asked = api.1.lock().unwrap().clone();
        assert_eq!(
            asked,
            [
                json!({"dryRun": false, "provider": "telnyx"}),
                json!({"dryRun": false, "provider": "telnyx", "cursor": "c1"}),
            ]
        );
        assert!(verdict(&findings).is_ok());
        let lines = table(&findings);
        assert!(
            lines.contains("repaired  telnyx    +14155550100  connection_id  missing  -      9"),
            "{lines}"
        );
        assert!(lines.ends_with(
            "4 numbers checked, 1 settings differ, 1 repaired, 2 numbers of nobody here left alone"
        ));
    }

    #[tokio::test]
    async fn what_stays_wrong_is_a_failure() {
        let api = Api(Mutex::new(vec![page(&[drift(false)], None)]), Mutex::default());
        let findings = doctor(false).findings(&api).await.unwrap();
        assert!(
            matches!(verdict(&findings), Err(Failure::Refused(words)) if words.starts_with("1 settings"))
        );
        let refused = json!({"code": "FORBIDDEN", "title": "no"});
        let api = Api(Mutex::new(vec![refused]), Mutex::default());
        let failure = doctor(false).findings(&api).await.unwrap_err();
        assert!(
            matches!(failure, Failure::Refused(words) if words.contains("403") && words.contains("FORBIDDEN"))
        );
        let unavailable = json!({"providerAccountId": "platform-telnyx", "code": "PROVIDER_UNAVAILABLE"});
        let silent: Findings = serde_json::from_value(json!({"checked": 0, "drifted": [], "unmanaged": 0,
            "unavailable": [unavailable], "nextCursor": null}))
        .unwrap();
        assert!(verdict(&silent).is_err() && table(&silent).contains("platform-telnyx could not be asked"));
    }
}
