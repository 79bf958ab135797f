//! A table to test on: dynoxide behind its own HTTP server and the real SDK, or whatever
//! `TANDEM_DYNAMODB_ENDPOINT` names (MiniStack), so that one suite runs on two engines.
#![allow(dead_code)]

pub mod clock;
pub mod engine;
pub mod happenings;
pub mod keys;
pub mod meter;
pub mod samples;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use telephony_aws::Store;
use telephony_aws::keys::{GSI1PK, GSI1SK, GSI2PK, GSI2SK, PENDING, PK, SK, TIMELINE};

use meter::Meter;

/// A fresh table.
pub struct Table {
    pub store: Store,
    pub client: Client,
    pub name: String,
    pub meter: Meter,
}

/// The URL of a fresh embedded engine, served for as long as the test's runtime lives.
async fn embedded() -> String {
    let database = dynoxide::Database::memory().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    format!("http://{address}")
}

pub async fn table() -> Table {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let endpoint = match std::env::var("TANDEM_DYNAMODB_ENDPOINT") {
        Ok(endpoint) => endpoint,
        Err(_) => embedded().await,
    };
    let meter = Meter::default();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .timeout_config(
            aws_sdk_dynamodb::config::timeout::TimeoutConfig::builder()
                .operation_timeout(Duration::from_secs(30))
                .build(),
        )
        .interceptor(meter.clone())
        .build();
    let client = Client::from_conf(config);
    let name = format!("tandem-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    create(&client, &name).await;
    meter.reset();
    Table { store: Store::new(client.clone(), name.clone()), client, name, meter }
}

/// Exactly as the template does it.
async fn create(client: &Client, name: &str) {
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let index = |index: &str, pk: &str, sk: &str| {
        GlobalSecondaryIndex::builder()
            .index_name(index)
            .key_schema(key(pk, KeyType::Hash))
            .key_schema(key(sk, KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()
            .unwrap()
    };
    let mut request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key(PK, KeyType::Hash))
        .key_schema(key(SK, KeyType::Range))
        .global_secondary_indexes(index(TIMELINE, GSI1PK, GSI1SK))
        .global_secondary_indexes(index(PENDING, GSI2PK, GSI2SK));
    for attribute in [PK, SK, GSI1PK, GSI1SK, GSI2PK, GSI2SK] {
        request = request.attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name(attribute)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .unwrap(),
        );
    }
    request.send().await.unwrap();
}

/// Sums over a tenant's ledger, read as items: amounts and holds.
pub async fn ledger_sums(table: &Table, tenant: &str) -> (i64, i64) {
    let answer = table
        .client
        .query()
        .table_name(&table.name)
        .consistent_read(true)
        .key_condition_expression("PK = :pk AND begins_with(SK, :l)")
        .expression_attribute_values(
            ":pk",
            aws_sdk_dynamodb::types::AttributeValue::S(format!("T#{tenant}#W")),
        )
        .expression_attribute_values(":l", aws_sdk_dynamodb::types::AttributeValue::S("L#".into()))
        .send()
        .await
        .unwrap();
    let sum = |name: &str| {
        answer.items().iter().map(|item| item[name].as_n().unwrap().parse::<i64>().unwrap()).sum::<i64>()
    };
    (sum("amount"), sum("held"))
}
