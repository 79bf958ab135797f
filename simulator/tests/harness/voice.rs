//! Calls of Twilio and SignalWire: numbers with documents behind them, and what came of a call.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Request;
use serde_json::{Value, json};

use super::{ACCOUNT, NUMBER, PHONE, Simulator, TOKEN, send};

pub(crate) const PROJECT: &str = "b3877c40-da60-4998-90ad-b792e98472af";
pub(crate) const PROJECT_TOKEN: &str = "PT0123";
pub(crate) const SIGNALWIRE_NUMBER: &str = "+12125550142";

/// One provider's number, with every address of its own; the sinks `voice`, `fallback`, `status`… of the simulator
/// answer for the customer.
pub(crate) struct Line {
    pub(crate) simulator: Simulator,
    pub(crate) provider: &'static str,
    pub(crate) number: &'static str,
}

impl Line {
    pub(crate) async fn twilio() -> Self {
        let simulator = Simulator::start().await;
        Self { simulator, provider: "twilio", number: NUMBER }.own(ACCOUNT).await
    }

    pub(crate) async fn signalwire() -> Self {
        let simulator = Simulator::start().await;
        let account = json!({"provider": "signalwire", "sid": PROJECT, "auth_token": PROJECT_TOKEN,
            "signing_key": "PSK"});
        simulator.control("POST", "/accounts", account).await;
        Self { simulator, provider: "signalwire", number: SIGNALWIRE_NUMBER }.own(PROJECT).await
    }

    async fn own(self, account: &str) -> Self {
        let hook = |name: &str| self.simulator.hook(name);
        let number = json!({"provider": self.provider, "account": account, "phone_number": self.number,
            "voice_url": hook("voice"), "voice_fallback_url": hook("fallback"), "status_callback": hook("ends")});
        self.simulator.control("POST", "/numbers", number).await;
        self
    }

    /// What the sink answers from now on.
    pub(crate) async fn says(&self, name: &str, inner: &str) {
        self.answers(name, "text/xml", &format!("<?xml version=\"1.0\"?><Response>{inner}</Response>")).await;
    }

    pub(crate) async fn answers(&self, name: &str, content_type: &str, body: &str) {
        let script = json!({"body": body, "content_type": content_type});
        self.simulator.control("POST", &format!("/hooks/{name}"), script).await;
    }

    /// A phone's behaviour when it is called.
    pub(crate) async fn script(&self, phone: &str, call: Value) {
        self.simulator.control("POST", &format!("/phones/{phone}"), json!({ "call": call })).await;
    }

    /// The phone calls the number; returns the call's sid.
    pub(crate) async fn rings(&self, call: Value) -> String {
        let new = json!({"to": self.number, "call": call});
        let placed = self.simulator.control("POST", &format!("/phones/{PHONE}/call"), new).await;
        placed["call_sid"].as_str().unwrap().to_owned()
    }

    /// `path` begins behind the account.
    pub(crate) async fn rest(&self, method: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let (status, bytes) = self.raw(method, path, form, true).await;
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        form: &[(&str, &str)],
        with_key: bool,
    ) -> (u16, bytes::Bytes) {
        let (root, account, token) = match self.provider {
            "twilio" => ("/twilio/2010-04-01", ACCOUNT, TOKEN),
            _ => ("/signalwire/api/laml/2010-04-01", PROJECT, PROJECT_TOKEN),
        };
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let url = format!("{}{root}/Accounts/{account}{path}", self.simulator.base);
        let mut request = Request::builder().method(method).uri(url);
        if with_key {
            request = request
                .header("Authorization", format!("Basic {}", STANDARD.encode(format!("{account}:{token}"))));
        }
        if !form.is_empty() {
            request = request.header("Content-Type", "application/x-www-form-urlencoded");
        }
        let (status, _, bytes) = send(request.body(body).unwrap()).await.unwrap();
        (status.as_u16(), bytes)
    }

    pub(crate) async fn call(&self, sid: &str) -> Value {
        let calls = self.simulator.get(&format!("/calls?id={sid}")).await;
        calls["calls"][0].clone()
    }

    /// What the person heard, in short: `said Hello`, `dialled +1310…`, `beeped`…
    pub(crate) async fn heard(&self, sid: &str) -> Vec<String> {
        let call = self.call(sid).await;
        let short = |heard: &Value| {
            let kind = heard["kind"].as_str().unwrap();
            let about = ["text", "to", "with", "status", "digits", "url", "code", "answered_by", "by"];
            let about = about.iter().map(|name| &heard[*name]).find(|value| !value.is_null());
            match about {
                Some(Value::String(about)) if !about.is_empty() => format!("{kind} {about}"),
                Some(Value::Number(about)) => format!("{kind} {about}"),
                _ => kind.to_owned(),
            }
        };
        call["heard"].as_array().unwrap().iter().map(short).collect()
    }

    /// The forms that a sink received.
    pub(crate) async fn forms(&self, name: &str) -> Vec<Form> {
        let hooks = self.simulator.get(&format!("/hooks?name={name}")).await;
        let forms = hooks["hooks"].as_array().unwrap().iter().map(|hook| {
            let text = match hook["method"].as_str() {
                Some("GET") => hook["query"].as_str().unwrap_or_default(),
                _ => hook["body"].as_str().unwrap(),
            };
            Form(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
        });
        forms.collect()
    }

    /// One member of every form.
    pub(crate) async fn told(&self, name: &str, member: &str) -> Vec<String> {
        self.forms(name).await.iter().map(|form| form.get(member).to_owned()).collect()
    }

    pub(crate) async fn violations(&self) -> Vec<String> {
        let found = self.simulator.get("/violations").await;
        let found = found["violations"].as_array().unwrap().clone();
        found.iter().map(|found| found["detail"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Empty where it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }
}
