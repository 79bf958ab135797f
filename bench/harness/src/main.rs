//! `bench-harness FUNCTIONS ARCHIVES`: measures the binaries in one folder, whose archives are in the other,
//! and prints the tables of `docs/performance.md`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bench_harness::cloud::Cloud;
use bench_harness::cost::{Prices, REQUEST_PATH_LIMIT};
use bench_harness::environment::Subject;
use bench_harness::events::{PUBLIC_BASE_URL, SIGNALWIRE, TENANT, TWILIO};
use bench_harness::figures::{Warm, starts, warm};
use bench_harness::process::Share;
use bench_harness::report::{self, Case, Measured};
use bench_harness::tally::Tally;
use bench_harness::{Error, engine, events, path, tls};
use telephony::domain::ids::MessageId;
use telephony::domain::message::AttemptRef;

/// How often each function is started, and how many events it then gets.
const STARTS: u32 = 15;
const EVENTS: u32 = 2_000;
/// Enough to count operations.
const FEW: u32 = 200;
const BODY: &str = "Hello! Is my appointment on Monday still at ten? Thank you, Ana";

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match runtime.map_err(Error::from).and_then(|runtime| runtime.block_on(bench())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Bench {
    functions: PathBuf,
    archives: PathBuf,
    tally: Tally,
    plain: String,
    secure: String,
    root: String,
    share: Option<Share>,
    next: u32,
}

async fn bench() -> Result<(), Error> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (functions, archives) =
        arguments.next().zip(arguments.next()).ok_or("usage: bench-harness FUNCTIONS ARCHIVES")?;
    let tally = Tally::default();
    let cloud = Cloud::new(engine::start().await?, events::secret(), tally.clone());
    let (acceptor, root) = tls::server()?;
    let (plain, secure) = (cloud.listen(None).await?, cloud.listen(Some(acceptor)).await?);
    let store = path::store(&plain);
    for account in [TWILIO, SIGNALWIRE] {
        path::hold_number(&store, &account).await?;
    }
    let share = Share::of_memory(512);
    let mut bench = Bench { functions, archives, tally, plain, secure, root, share, next: 0 };
    let said = bench.run().await;
    if let Some(share) = &bench.share {
        share.remove();
    }
    let mut out = std::io::stdout().lock();
    Ok(out.write_all(said?.as_bytes())?)
}

impl Bench {
    async fn run(&mut self) -> Result<String, Error> {
        let empty = self.measure("empty-function", false, Self::inbound).await?;
        let sms = self.measure("sms-webhook", true, Self::inbound).await?;
        let status = self.measure("status-callback", true, Self::status).await?;
        let mut text = report::figures(&[empty, sms.clone(), status.clone()]);
        if self.share.is_none() {
            text.push_str(
                "\nNo control group can be made here, so nothing was measured at a share of a core.\n",
            );
        }
        text.push('\n');
        text.push_str(&report::operations(&self.cases(&sms, &status).await?));
        text.push('\n');
        let (path, prices) = (path::inbound(&"x".repeat(300)).await?, Prices::bundled()?);
        let (request, projection) = (prices.request_path(&path.request)?, prices.projection(&path)?);
        let title = format!("inbound text, request path, prices of {}", prices.as_of);
        text.push_str(&report::bill(&title, &request));
        text.push('\n');
        text.push_str(&report::bill("inbound text, projector", &projection));
        let (answered, projected, lines) =
            (request.total(), projection.total(), prices.platform_log()?.dollars);
        let verdict = if answered <= REQUEST_PATH_LIMIT { "met" } else { "MISSED" };
        text.push_str(&format!(
            "\nA million inbound texts: request path ${answered:.2} (target ≤ ${REQUEST_PATH_LIMIT:.2}: {verdict}), \
             whole path ${:.2}. With Lambda's own log lines, which \
             the template leaves on: request path ${:.2}, {}.\n",
            answered + projected,
            answered + lines,
            if answered + lines <= REQUEST_PATH_LIMIT { "met" } else { "MISSED" },
        ));
        Ok(text)
    }

    fn subject(&self, name: &'static str) -> Subject {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_FUNCTION_NAME", name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("LOG_LEVEL", "info"),
            ("PROVIDER_SECRET_ID", "bench"),
            ("CREDENTIALS_KEY_ID", "bench"),
            ("PUBLIC_BASE_URL", PUBLIC_BASE_URL),
            ("TABLE_NAME", engine::TABLE),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let log = self.archives.join(format!("{name}.log"));
        Subject { name, binary: self.functions.join(name), variables, log }
    }

    async fn measure(
        &mut self,
        name: &'static str,
        calls_aws: bool,
        event: fn(&mut Self) -> String,
    ) -> Result<Measured, Error> {
        let (subject, tally) = (self.subject(name), self.tally.clone());
        let (plain, secure, share) = (self.plain.clone(), self.secure.clone(), self.share.clone());
        let copy = Subject { binary: self.archives.join(format!("{name}-tls")), ..subject.clone() };
        if calls_aws {
            tls::trusting_copy(&subject.binary, &copy.binary, &self.root)?;
        }
        let mut event = || event(self);
        let warm = warm(&subject, &plain, &tally, EVENTS, &mut event).await?;
        let plain_starts = starts(&subject, &plain, None, &tally, STARTS, &mut event).await?;
        let (mut with_tls, mut shared) = (None, None);
        if calls_aws {
            with_tls = Some(starts(&copy, &secure, None, &tally, STARTS, &mut event).await?);
            if share.is_some() {
                shared = Some(starts(&copy, &secure, share.as_ref(), &tally, STARTS, &mut event).await?);
            }
        }
        let archive = std::fs::metadata(self.archives.join(format!("{name}.zip"))).ok();
        let size = (bytes(&subject.binary)?, archive.map(|file| file.len()));
        Ok(Measured { name, starts: plain_starts, tls: with_tls, shared, warm, size })
    }

    async fn cases(&mut self, sms: &Measured, status: &Measured) -> Result<Vec<Case>, Error> {
        let case = |name, warm: Warm| Case { name, events: warm.count, counted: warm.calls };
        let once = |name, counted: &_| Case { name, events: 1, counted: Clone::clone(counted) };
        let (subject, plain, tally) = (self.subject("sms-webhook"), self.plain.clone(), self.tally.clone());
        let mut texts = || self.inbound_of(SIGNALWIRE);
        let signalwire = warm(&subject, &plain, &tally, FEW, &mut texts).await?;
        let duplicate = self.inbound();
        let duplicates = warm(&subject, &plain, &tally, FEW, &mut || duplicate.clone()).await?;
        let mut stops = || {
            self.next += 1;
            TWILIO.inbound(self.next, "STOP")
        };
        let stops = warm(&subject, &plain, &tally, FEW, &mut stops).await?;
        Ok(vec![
            once("start of sms-webhook", &sms.starts.init_calls),
            once("inbound text, cold", &sms.starts.first_calls),
            case("inbound text, warm", sms.warm.clone()),
            case("inbound text of SignalWire, warm", signalwire),
            case("the same text again", duplicates),
            case("STOP", stops),
            once("start of status-callback", &status.starts.init_calls),
            once("status, cold", &status.starts.first_calls),
            case("status, warm", status.warm.clone()),
        ])
    }

    fn inbound(&mut self) -> String {
        self.inbound_of(TWILIO)
    }

    fn inbound_of(&mut self, account: events::Account) -> String {
        self.next += 1;
        account.inbound(self.next, BODY)
    }

    /// Two for each message: `sent`, then `delivered`.
    fn status(&mut self) -> String {
        self.next += 1;
        let (message, word) = (self.next / 2, if self.next.is_multiple_of(2) { "sent" } else { "delivered" });
        let id = MessageId::derived(&["bench", &message.to_string()]);
        let Ok(tenant) = TENANT.parse() else { return String::new() };
        TWILIO.status(message, word, &AttemptRef { tenant, message: id, n: 1 }.to_opaque())
    }
}

fn bytes(file: &Path) -> Result<u64, Error> {
    Ok(std::fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?.len())
}
