//! The fuse at the edge of the process: every request to the store, to a provider, and for the secret.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use bytes::Bytes;
use telephony::ports::StoreError;
use telephony::provider::transport::{HttpTransport, TransportError};
use telephony_aws::SecretSource;

use crate::fuse::{Fuse, Lost};
use crate::market::Providers;
use crate::turns::Turns;

impl Lost for ConnectorError {
    fn before() -> Self {
        Self::io("cut before".into())
    }
    fn after() -> Self {
        Self::io("cut after".into())
    }
}

/// Looks at the world after every request that may have changed the store.
pub type Watch = Arc<dyn Fn() + Send + Sync>;

/// What every request of a process goes through.
#[derive(Clone)]
pub struct Edge {
    pub fuse: Arc<Fuse>,
    pub watch: Watch,
    /// Where several processes take turns.
    pub turns: Option<Turns>,
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edge")
    }
}

impl Edge {
    async fn pass<T, E: Lost>(
        &self,
        name: &'static str,
        effect: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        if let Some(turns) = &self.turns {
            turns.take().await;
        }
        let watched = async {
            let done = effect.await;
            // What only reads changes nothing.
            if matches!(name, "store.transact" | "store.put" | "store.update" | "store.delete") {
                (self.watch)();
            }
            done
        };
        self.fuse.call(name, watched).await
    }
}

/// The HTTP client of the store's SDK.
#[derive(Clone, Debug)]
pub struct CutClient {
    pub inner: SharedHttpClient,
    pub edge: Edge,
}

impl HttpClient for CutClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(CutConnector { inner, edge: self.edge.clone() })
    }
}

#[derive(Debug)]
struct CutConnector {
    inner: SharedHttpConnector,
    edge: Edge,
}

/// The operation, from the header that names it.
fn operation(request: &HttpRequest) -> &'static str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    match target.rsplit('.').next().unwrap_or_default() {
        "GetItem" => "store.get",
        "PutItem" => "store.put",
        "UpdateItem" => "store.update",
        "DeleteItem" => "store.delete",
        "Query" => "store.query",
        "BatchGetItem" => "store.batch",
        "TransactWriteItems" => "store.transact",
        _ => "store.other",
    }
}

impl HttpConnector for CutConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, edge) = (self.inner.clone(), self.edge.clone());
        let name = operation(&request);
        HttpConnectorFuture::new(async move { edge.pass(name, inner.call(request)).await })
    }
}

/// The way to the providers.
pub struct CutTransport {
    pub inner: Arc<Providers>,
    pub edge: Edge,
}

#[async_trait]
impl HttpTransport for CutTransport {
    async fn execute(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let name = match *request.method() {
            http::Method::GET => "provider.get",
            http::Method::DELETE => "provider.delete",
            http::Method::PATCH => "provider.patch",
            _ => "provider.post",
        };
        let inner = Arc::clone(&self.inner);
        self.edge.pass(name, async move { inner.answer(&request) }).await
    }
}

/// The deployment's secret.
pub struct CutSecret {
    pub text: String,
    pub edge: Edge,
}

#[async_trait]
impl SecretSource for CutSecret {
    async fn fetch(&self) -> Result<String, StoreError> {
        self.edge.pass("secret.get", async { Ok(self.text.clone()) }).await
    }
}
