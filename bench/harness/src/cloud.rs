//! What functions take for AWS: DynamoDB goes to the engine, with the consumed capacity asked for on the
//! way and taken out of the answer again; Secrets Manager knows one secret; everything else is counted and
//! refused.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::Error;
use crate::tally::{Call, Tally};

const TARGET: &str = "x-amz-target";

/// The stand-in for AWS.
pub struct Cloud {
    engine: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    secret: String,
    tally: Tally,
}

impl Cloud {
    /// Before this engine, with this secret.
    pub fn new(engine: SocketAddr, secret: String, tally: Tally) -> Arc<Self> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Arc::new(Self { engine, client, secret, tally })
    }

    /// Listens on loopback, with TLS where an acceptor is given. The endpoint's URL.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn listen(self: &Arc<Self>, tls: Option<TlsAcceptor>) -> Result<String, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr()?);
        let cloud = Arc::clone(self);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let (cloud, tls) = (Arc::clone(&cloud), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => cloud.connection(stream).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                cloud.connection(stream).await;
                            }
                        }
                    }
                });
            }
        });
        Ok(url)
    }

    async fn connection<S>(self: Arc<Self>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(move |request| {
            let cloud = Arc::clone(&self);
            async move { Ok::<_, Infallible>(cloud.answer(request).await.unwrap_or_else(|error| broken(&error))) }
        });
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Error> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let target = parts.headers.get(TARGET).and_then(|value| value.to_str().ok()).unwrap_or("s3.");
        let (service, operation) = target.split_once('.').unwrap_or((target, ""));
        let service = match service {
            "DynamoDB_20120810" => "dynamodb",
            "AmazonSQS" => "sqs",
            "TrentService" => "kms",
            other => other,
        };
        let under_way = self.tally.begin();
        let began = Instant::now();
        let answered = match service {
            "dynamodb" => self.dynamodb(&parts.headers, &body).await,
            "secretsmanager" => Ok((self.secret()?, 0.0)),
            _ => Ok((refusal()?, 0.0)),
        };
        let (response, units) = match answered {
            Ok((response, units)) => (response, units),
            Err(error) => (broken(&error), 0.0),
        };
        let (service, operation) = (service.to_owned(), operation.to_owned());
        under_way.end(Call { service, operation, units, took: began.elapsed() });
        Ok(response)
    }

    async fn dynamodb(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<(Response<Full<Bytes>>, f64), Error> {
        let mut asked: Value = serde_json::from_slice(body)?;
        if let Value::Object(members) = &mut asked {
            members.insert("ReturnConsumedCapacity".to_owned(), "INDEXES".into());
        }
        let mut request = Request::post(format!("http://{}/", self.engine));
        for name in [TARGET, "authorization", "x-amz-date", "content-type"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let response = self.client.request(request.body(Full::from(asked.to_string()))?).await?;
        let (parts, body) = response.into_parts();
        let mut told: Value = serde_json::from_slice(&body.collect().await?.to_bytes())?;
        let consumed = told.as_object_mut().and_then(|members| members.remove("ConsumedCapacity"));
        Ok((json(parts.status, &told)?, consumed.as_ref().map_or(0.0, units)))
    }

    fn secret(&self) -> Result<Response<Full<Bytes>>, Error> {
        json(
            StatusCode::OK,
            &json!({
                "ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:bench",
                "Name": "bench",
                "SecretString": self.secret,
                "VersionId": "00000000-0000-0000-0000-000000000000",
            }),
        )
    }
}

/// One table's, or the sum of several tables'.
fn units(consumed: &Value) -> f64 {
    let of = |table: &Value| table.get("CapacityUnits").and_then(Value::as_f64).unwrap_or(0.0);
    consumed.as_array().map_or_else(|| of(consumed), |tables| tables.iter().map(of).sum())
}

fn refusal() -> Result<Response<Full<Bytes>>, Error> {
    json(
        StatusCode::BAD_REQUEST,
        &json!({"__type": "AccessDeniedException", "message": "not in this benchmark"}),
    )
}

fn json(status: StatusCode, body: &Value) -> Result<Response<Full<Bytes>>, Error> {
    let response =
        Response::builder().status(status).header(header::CONTENT_TYPE, "application/x-amz-json-1.0");
    Ok(response.body(Full::from(body.to_string()))?)
}

fn broken(error: &Error) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(error.to_string()));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}
