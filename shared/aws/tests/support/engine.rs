//! Tables of an engine in the same process, which can be read past every proxy.

use std::collections::HashMap;

use dynoxide::Database;
use serde_json::{Value, json};

/// The table as the template has it.
pub fn create(database: &Database, table: &str) {
    let key = |pk: &str, sk: &str| json!([{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]);
    let index = |name: &str, pk: &str, sk: &str| json!({"IndexName": name, "KeySchema": key(pk, sk), "Projection": {"ProjectionType": "KEYS_ONLY"}});
    use telephony_aws::keys::{GSI1PK, GSI1SK, GSI2PK, GSI2SK, PENDING, PK, SK, TIMELINE};
    let names = [PK, SK, GSI1PK, GSI1SK, GSI2PK, GSI2SK];
    let request = json!({
        "TableName": table, "BillingMode": "PAY_PER_REQUEST", "KeySchema": key(PK, SK),
        "AttributeDefinitions": names.map(|name| json!({"AttributeName": name, "AttributeType": "S"})),
        "GlobalSecondaryIndexes": [index(TIMELINE, GSI1PK, GSI1SK), index(PENDING, GSI2PK, GSI2SK)],
    });
    database.create_table(serde_json::from_value(request).unwrap()).unwrap();
}

/// A whole table by key, in DynamoDB's JSON.
pub fn items(database: &Database, table: &str) -> HashMap<(String, String), Value> {
    let scan = dynoxide::actions::scan::ScanRequest { table_name: table.to_owned(), ..Default::default() };
    let items = database.scan(scan).unwrap().items.unwrap_or_default();
    let key = |item: &Value, name: &str| item[name]["S"].as_str().unwrap().to_owned();
    let items = items.iter().map(|item| serde_json::to_value(item).unwrap());
    items.map(|item| ((key(&item, "PK"), key(&item, "SK")), item)).collect()
}
