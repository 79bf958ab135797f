//! The cost of a message, computed from operations that the engine counted: a promise of the design.

use bench_harness::cost::{Prices, REQUEST_PATH_LIMIT};
use bench_harness::path;

#[tokio::test(flavor = "multi_thread")]
async fn a_million_inbound_messages_cost_what_was_promised() {
    // As large as a text of two units gets: 300 bytes.
    let path = path::inbound(&"x".repeat(300)).await.unwrap();
    assert_eq!(path.request.round_trips, 1);
    assert_eq!((path.request.write_units(), path.request.read_units()), (2.0, 0.0));
    assert_eq!((path.request.elsewhere(), path.jobs), (0, 0));

    let prices = Prices::bundled().unwrap();
    let (request, projection) =
        (prices.request_path(&path.request).unwrap(), prices.projection(&path).unwrap());
    let (answered, projected) = (request.total(), projection.total());
    println!(
        "a million inbound messages: request path ${answered:.2}, whole path ${:.2}",
        answered + projected
    );
    println!("{}; {}", path.request.operations(), path.projector.operations());
    assert!(answered <= REQUEST_PATH_LIMIT, "{request:#?}");
}
