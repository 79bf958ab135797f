//! Counts requests and the capacity that the engine says they consumed. It asks for the figures in the
//! request on its way out, so that the store itself does not have to.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_types::body::SdkBody;

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    pub requests: u32,
    pub units: f64,
    /// The operations, in order.
    pub operations: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Counted>>);

impl Meter {
    pub fn reset(&self) {
        *self.0.lock().unwrap() = Counted::default();
    }

    pub fn take(&self) -> Counted {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let operation = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = operation.rsplit('.').next().unwrap_or_default().to_owned();
        let mut counted = self.0.lock().unwrap();
        counted.requests += 1;
        counted.operations.push(operation.clone());
        if operation == "CreateTable" {
            return Ok(());
        }
        let mut body: serde_json::Value = serde_json::from_slice(request.body().bytes().unwrap_or_default())?;
        body["ReturnConsumedCapacity"] = "TOTAL".into();
        let text = body.to_string();
        request.headers_mut().insert("content-length", text.len().to_string());
        *request.body_mut() = SdkBody::from(text);
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let bytes = context.response().body().bytes().unwrap_or_default();
        let Ok(body) = serde_json::from_slice::<serde_json::Value>(bytes) else { return Ok(()) };
        let consumed = &body["ConsumedCapacity"];
        let units = |value: &serde_json::Value| value["CapacityUnits"].as_f64().unwrap_or(0.0);
        self.0.lock().unwrap().units += match consumed.as_array() {
            Some(tables) => tables.iter().map(units).sum(),
            None => units(consumed),
        };
        Ok(())
    }
}
