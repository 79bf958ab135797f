//! A bare `lambda_http` function, as its documentation writes it: the floor that `make bench` compares with.

use lambda_http::{Body, Error, Request, Response, run, service_fn};

async fn answer(_: Request) -> Result<Response<Body>, Error> {
    Ok(Response::builder().status(200).body(Body::Empty)?)
}

// One thread, as in our functions.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}
