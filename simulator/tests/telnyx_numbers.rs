//! Telnyx: searching and ordering numbers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use harness::Simulator;
use serde_json::{Value, json};

const ORG: &str = "47a530f8-4362-4526-829b-bcee17fd9f7a";
const KEY: &str = "KEY0123";
const ORDERS: &str = "/telnyx/v2/number_orders";

#[tokio::test]
async fn an_order_takes_its_time() {
    let simulator = Simulator::start().await;
    let url = simulator.hook("orders");
    let account = json!({"provider": "telnyx", "sid": ORG, "auth_token": KEY, "webhook_url": url});
    simulator.control("POST", "/accounts", account).await;
    let order =
        |number: &str| json!({"phone_numbers": [{"phone_number": number}], "customer_reference": "r1"});

    let (status, answer) = simulator.call(KEY, "POST", ORDERS, order("+13125550150")).await;
    assert_eq!((status, answer["errors"][0]["code"].as_str()), (422, Some("85000")));
    let search = "/telnyx/v2/available_phone_numbers?filter[country_code]=US\
                  &filter[national_destination_code]=312&filter[features][]=sms&filter[limit]=5";
    let (_, found) = simulator.call(KEY, "GET", search, Value::Null).await;
    assert_eq!(found["data"].as_array().unwrap().len(), 5);
    assert_eq!(found["data"][0]["phone_number"], "+13125550150");

    let (_, ordered) = simulator.call(KEY, "POST", ORDERS, order("+13125550150")).await;
    assert_eq!(ordered["data"]["status"], "pending");
    simulator.advance(1.0).await;
    let path = format!("{ORDERS}/{}", ordered["data"]["id"].as_str().unwrap());
    let (_, done) = simulator.call(KEY, "GET", &path, Value::Null).await;
    assert_eq!(done["data"]["status"], "success");
    let event = simulator.hooked("orders").await.remove(0);
    assert_eq!(event["data"]["event_type"], "number_order.complete");
    let filter = "/telnyx/v2/phone_numbers?filter[phone_number]=3125550150&page[size]=1";
    let (_, owned) = simulator.call(KEY, "GET", filter, Value::Null).await;
    assert_eq!(owned["meta"]["total_results"], 1);
    assert_eq!(owned["data"][0]["customer_reference"], "r1");
    let path = format!("/telnyx/v2/phone_numbers/{}", owned["data"][0]["id"].as_str().unwrap());
    let (_, gone) = simulator.call(KEY, "DELETE", &path, Value::Null).await;
    assert_eq!(gone["data"]["status"], "deleted");
    assert_eq!(simulator.call(KEY, "GET", &path, Value::Null).await.0, 404);

    simulator.control("POST", "/inventory/+13125550151", json!({"order": "failure", "steps": 4})).await;
    let (_, ordered) = simulator.call(KEY, "POST", ORDERS, order("+13125550151")).await;
    simulator.advance(0.45).await;
    assert_eq!(simulator.hooked("orders").await.len(), 1);
    simulator.advance(0.15).await;
    let event = simulator.hooked("orders").await.pop().unwrap();
    assert_eq!(event["data"]["payload"]["id"], ordered["data"]["id"]);
    assert_eq!(event["data"]["payload"]["status"], "failure");
    simulator.control("POST", "/inventory/+13125550152", json!({"snatched": true})).await;
    let (_, answer) = simulator.call(KEY, "POST", ORDERS, order("+13125550152")).await;
    assert_eq!(answer["errors"][0]["code"], "85001");
}
