//! `tandem`, the operator's command line: which numbers a tenant has, what is in its wallet, and where the
//! numbers' events go.
//!
//! Answers are JSON, one object a line; the doctor's are a table. Exit codes: 0 done (also for a deposit that was made before),
//! 1 refused or failed, 2 wrong usage.

mod doctor;
mod number;
mod output;
mod wallet;

use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Parser, Subcommand};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::StoreError;
use telephony_aws::{Clients, Profile, Store};

#[derive(Debug, Parser)]
#[command(version, about = "Operate a Tandem stack")]
struct Arguments {
    /// The stack's table. Region and credentials are found as by the AWS CLI.
    #[arg(long, env = "TABLE_NAME", global = true)]
    table: Option<String>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Numbers of a tenant.
    #[command(subcommand)]
    Number(number::Command),
    /// The wallet of a tenant.
    #[command(subcommand)]
    Wallet(wallet::Command),
    /// Asks the stack where its numbers' events go at the providers, and mends it if told to.
    Doctor(doctor::Doctor),
}

/// Why nothing, or not what was asked, was done.
#[derive(Debug)]
enum Failure {
    /// The arguments are wrong.
    Usage(String),
    /// The store decided against it.
    Refused(String),
    /// The store failed.
    Store(StoreError),
    /// Nobody reads the answer.
    Output(std::io::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

impl Failure {
    fn told(&self) -> (u8, String) {
        match self {
            Self::Usage(words) => (2, words.clone()),
            Self::Refused(words) => (1, words.clone()),
            Self::Store(error) => (1, error.to_string()),
            Self::Output(error) => (1, error.to_string()),
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(0).plus(since)
}

async fn store(table: Option<String>) -> Result<Store, Failure> {
    let table = table.filter(|table| !table.is_empty());
    let table = table.ok_or_else(|| Failure::Usage("which table? Say --table or set TABLE_NAME".into()))?;
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(telephony_aws::clients::http_client())
        .load()
        .await;
    if config.region().is_none() {
        return Err(Failure::Usage("which region? Set AWS_REGION".into()));
    }
    Ok(Clients::of_config(Profile::Worker, config).store(&table))
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Number(command) => {
            let command = command.checked(now())?;
            number::run(&store(arguments.table).await?, command).await
        }
        Command::Wallet(command) => {
            let command = command.checked()?;
            wallet::run(&store(arguments.table).await?, command, now()).await
        }
        Command::Doctor(doctor) => doctor::run(&doctor).await,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (code, words) = failure.told();
            output::complain(&words);
            ExitCode::from(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_make_sense() {
        Arguments::command().debug_assert();
    }
}
