//! Starts the simulator and talks HTTP to it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub(crate) mod voice;

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use axum::{Router, extract::State, http::HeaderMap, response::IntoResponse as _};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub(crate) const TOKEN: &str = "the auth token";
pub(crate) const NUMBER: &str = "+14155550199";
pub(crate) const OTHER_NUMBER: &str = "+12125550199";
pub(crate) const PHONE: &str = "+13105550180";

pub(crate) struct Simulator {
    child: Child,
    pub(crate) base: String,
    pub(crate) cdn: String,
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Simulator {
    /// With one account and two numbers, whose clock stands still.
    pub(crate) async fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_simulator"))
            .args(["--port", "0", "--cdn-port", "0", "--clock", "manual"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It prints where it listens once it does.
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let urls: Vec<&str> =
            line.split(|c: char| c.is_whitespace() || c == ')').filter(|w| w.starts_with("http")).collect();
        let simulator = Self { child, base: urls[0].to_owned(), cdn: urls[1].to_owned() };
        simulator
            .control("POST", "/accounts", json!({"provider": "twilio", "sid": ACCOUNT, "auth_token": TOKEN}))
            .await;
        for number in [NUMBER, OTHER_NUMBER] {
            simulator.own(number, None).await;
        }
        simulator
    }

    pub(crate) async fn own(&self, number: &str, sms_url: Option<&str>) {
        let new =
            json!({"provider": "twilio", "account": ACCOUNT, "phone_number": number, "sms_url": sms_url});
        self.control("POST", "/numbers", new).await;
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.try_control(method, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    pub(crate) async fn try_control(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(format!("{}/_sim{path}", self.base));
        if method == "POST" {
            request = request.header("Content-Type", "application/json");
        }
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let (status, _, bytes) = send(request.body(body).unwrap()).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.control("GET", path, Value::Null).await
    }

    pub(crate) async fn advance(&self, seconds: f64) -> Value {
        self.control("POST", "/clock/advance", json!({ "seconds": seconds })).await
    }

    pub(crate) async fn fault(&self, operation: &str, kind: &str, more: Value) {
        let mut fault = json!({"operation": operation, "kind": kind});
        fault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.control("POST", "/faults", fault).await;
    }

    /// `POST /Messages.json` to the phone.
    pub(crate) async fn send_text(&self, more: &[(&str, &str)]) -> Result<(StatusCode, Value), String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([("To", PHONE), ("From", NUMBER), ("Body", "hello")]);
        form.extend_pairs(more);
        let url = format!("{}/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json", self.base);
        let request = Request::post(url)
            .header("Authorization", authorization())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.finish())
            .unwrap();
        let (status, _, bytes) = send(request).await?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// A JSON API's answer; `path` begins behind the simulator's origin.
    pub(crate) async fn call(&self, key: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("Authorization", format!("Bearer {key}"))
            .header("Content-Type", "application/json");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, _, bytes) = send(request.body(body).unwrap()).await.unwrap();
        (status.as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// A sink of the simulator's own.
    pub(crate) fn hook(&self, name: &str) -> String {
        format!("{}/_hooks/{name}", self.base)
    }

    /// What a sink has received, read as JSON.
    pub(crate) async fn hooked(&self, name: &str) -> Vec<Value> {
        let hooks = self.get(&format!("/hooks?name={name}")).await;
        let hooks = hooks["hooks"].as_array().unwrap().clone();
        hooks.iter().map(|hook| serde_json::from_str(hook["body"].as_str().unwrap()).unwrap()).collect()
    }

    pub(crate) async fn messages(&self) -> Vec<Value> {
        self.get("/messages").await["messages"].as_array().unwrap().clone()
    }
}

pub(crate) fn authorization() -> String {
    format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{TOKEN}")))
}

pub(crate) async fn send(request: Request<String>) -> Result<(StatusCode, HeaderMap, Bytes), String> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let response = client.request(request.map(|body| Full::new(body.into()))).await;
    let response: Response<hyper::body::Incoming> = response.map_err(|error| format!("{error:?}"))?;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok((parts.status, parts.headers, bytes))
}

/// A server that keeps the forms posted to it, and answers with the given document.
pub(crate) struct Receiver {
    pub(crate) url: String,
    forms: Forms,
}

type Forms = Arc<Mutex<Vec<Vec<(String, String)>>>>;
type Kept = (Forms, &'static str);

impl Receiver {
    pub(crate) async fn start(answer: &'static str) -> Self {
        let forms = Forms::default();
        let router = Router::new()
            .fallback(|State((forms, answer)): State<Kept>, body: Bytes| async move {
                forms.lock().unwrap().push(form_urlencoded::parse(&body).into_owned().collect());
                ([("Content-Type", "application/xml")], answer).into_response()
            })
            .with_state((Arc::clone(&forms), answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = hyper_util::service::TowerToHyperService::new(router.clone());
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(hyper_util::rt::TokioIo::new(stream), service),
                );
            }
        });
        Self { url, forms }
    }

    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let forms = self.forms.lock().unwrap();
        forms.iter().flatten().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }
}
