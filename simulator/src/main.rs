//! Speaks the providers' HTTP APIs on loopback, well enough for their official SDKs: with state, with life
//! (messages progress and call back, signed as the provider signs), with faults and with a virtual clock.
//!
//! It shares no code with the product on purpose: a mistake made there must not be made here too.

mod app;
mod call_script;
mod callbacks;
mod clock;
mod control;
mod delivery;
mod events;
mod exchange;
mod faults;
mod geography;
mod hooks;
mod http_client;
mod ids;
mod inbound;
mod journal;
mod json_api;
mod media;
mod model;
mod number_text;
mod phones;
mod reply;
mod resource;
mod retell;
mod seed;
mod segments;
mod server;
mod sign;
mod state;
mod telnyx;
mod twilio_compat;
mod voice;

use std::{
    io::Write as _,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use tokio::net::TcpListener;

use crate::{
    app::{App, Settings},
    clock::Mode,
};

#[derive(Parser)]
#[command(about, version)]
struct Args {
    /// Port of the provider APIs and of the control API; 0 takes a free one and prints it.
    #[arg(long)]
    port: u16,
    /// Loopback address to listen on; any other is refused.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Second port for the media CDN, so that the redirect to it leaves the API's origin.
    #[arg(long)]
    cdn_port: Option<u16>,
    /// JSON file with accounts, numbers and phones to start with; loaded again by `POST /_sim/reset`.
    #[arg(long)]
    seed_file: Option<PathBuf>,
    /// Whether life advances by itself or only through `POST /_sim/clock/advance`.
    #[arg(long, value_enum, default_value_t = Mode::Real)]
    clock: Mode,
    /// Virtual milliseconds between two steps of a message's life.
    #[arg(long, default_value_t = 150)]
    step_ms: u64,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("SIMULATOR_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .init();
    let args = Args::parse();
    match start(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the simulator stopped");
            ExitCode::FAILURE
        }
    }
}

fn start(args: &Args) -> Result<(), Box<dyn std::error::Error>> {
    // It hands out credentials and has no authentication of its own on `/_sim`.
    if !args.bind.is_loopback() {
        return Err(format!("{} is not a loopback address", args.bind).into());
    }
    let seed = args.seed_file.as_deref().map(seed::read).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((args.bind, args.port)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let cdn_listener = match args.cdn_port {
            Some(port) => Some(TcpListener::bind((args.bind, port)).await?),
            None => None,
        };
        let cdn = match &cdn_listener {
            Some(listener) => format!("http://{}", listener.local_addr()?),
            None => base.clone(),
        };
        let settings = Settings {
            cdn_apart: cdn_listener.is_some(),
            base,
            cdn,
            mode: args.clock,
            step_ms: args.step_ms,
            seed,
        };
        let ready = format!("simulator listening on {} (media CDN on {})\n", settings.base, settings.cdn);
        let app = App::new(settings)?;
        std::io::stdout().lock().write_all(ready.as_bytes())?;
        tokio::spawn(events::run_in_real_time(app.clone()));
        if let Some(listener) = cdn_listener {
            tokio::spawn(server::serve(listener, media::cdn::router(app.clone())));
        }
        server::serve(listener, app::router(app)).await;
        Ok(())
    })
}
