//! The embedded DynamoDB, with the table as the template makes it.

use std::net::SocketAddr;

use serde_json::json;
use telephony_aws::keys::{GSI1PK, GSI1SK, GSI2PK, GSI2SK, PENDING, PK, SK, TIMELINE};
use tokio::net::TcpListener;

use crate::Error;

/// The table's name.
pub const TABLE: &str = "tandem-bench";

/// Starts an engine with an empty table, for as long as the runtime lives.
///
/// # Errors
/// When it cannot start.
pub async fn start() -> Result<SocketAddr, Error> {
    let database = dynoxide::Database::memory()?;
    database.create_table(serde_json::from_value(table())?)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    Ok(address)
}

fn table() -> serde_json::Value {
    let attributes = [PK, SK, GSI1PK, GSI1SK, GSI2PK, GSI2SK];
    let keys = |hash: &str, range: &str| {
        json!([
            {"AttributeName": hash, "KeyType": "HASH"},
            {"AttributeName": range, "KeyType": "RANGE"},
        ])
    };
    let index = |name: &str, hash: &str, range: &str| {
        json!({
            "IndexName": name,
            "KeySchema": keys(hash, range),
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        })
    };
    json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions":
            attributes.map(|name| json!({"AttributeName": name, "AttributeType": "S"})),
        "KeySchema": keys(PK, SK),
        "GlobalSecondaryIndexes": [index(TIMELINE, GSI1PK, GSI1SK), index(PENDING, GSI2PK, GSI2SK)],
    })
}
