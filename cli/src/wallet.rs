//! `tandem wallet …`

use clap::Subcommand;
use serde::Serialize;
use serde_json::{Value, json};
use telephony::api::wallet::{Transaction, WalletBody};
use telephony::domain::ids::TenantId;
use telephony::domain::money::Micros;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Deposited, Wallets as _};
use telephony_aws::Store;

use crate::{Failure, output};

const LONGEST_REFERENCE: usize = 255;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Adds money, once per reference.
    Deposit {
        /// Whose wallet.
        #[arg(long)]
        tenant: TenantId,
        /// Dollars, more than zero, at most six decimal places.
        #[arg(long)]
        amount: String,
        /// The payer's own reference: the same one is deposited once.
        #[arg(long)]
        reference: String,
    },
    /// Shows what there is.
    Show {
        /// Whose wallet.
        #[arg(long)]
        tenant: TenantId,
    },
}

/// A command whose arguments are in order.
#[derive(Debug)]
pub(crate) enum Checked {
    Deposit { tenant: TenantId, amount: Micros, reference: String },
    Show(TenantId),
}

impl Command {
    pub(crate) fn checked(self) -> Result<Checked, Failure> {
        match self {
            Self::Show { tenant } => Ok(Checked::Show(tenant)),
            Self::Deposit { tenant, amount, reference } => {
                let amount =
                    Micros::parse_dollars(&amount).map_err(|error| Failure::Usage(error.to_string()))?;
                if amount <= Micros::ZERO {
                    return Err(Failure::Usage("a deposit is more than zero".into()));
                }
                let reference = reference.trim().to_owned();
                if reference.is_empty() || reference.chars().count() > LONGEST_REFERENCE {
                    let words = format!("a reference has 1 to {LONGEST_REFERENCE} characters");
                    return Err(Failure::Usage(words));
                }
                Ok(Checked::Deposit { tenant, amount, reference })
            }
        }
    }
}

/// As the API shows it.
fn shown(value: impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::Output(error.into()))
}

pub(crate) async fn run(store: &Store, command: Checked, now: Timestamp) -> Result<(), Failure> {
    match command {
        Checked::Show(tenant) => {
            let wallet = store.wallet(&tenant).await?;
            Ok(output::answer(&shown(WalletBody::from(wallet))?)?)
        }
        Checked::Deposit { tenant, amount, reference } => {
            let (entry, replayed) = match store.deposit(&tenant, amount, &reference, now).await? {
                Deposited::New(entry) => (entry, false),
                Deposited::Replay(entry) => (entry, true),
            };
            let transaction = shown(Transaction::from(&entry))?;
            Ok(output::answer(&json!({ "replayed": replayed, "transaction": transaction }))?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Checked, Command};
    use telephony::domain::money::Micros;

    fn deposit(amount: &str, reference: &str) -> Command {
        let tenant = "demo".parse().unwrap();
        Command::Deposit { tenant, amount: amount.into(), reference: reference.into() }
    }

    #[test]
    fn an_amount_is_exact_and_positive() {
        let Ok(Checked::Deposit { amount, .. }) = deposit("12.000001", "invoice 7").checked() else {
            panic!("refused")
        };
        assert_eq!(amount, Micros::new(12_000_001));
        for (amount, reference) in
            [("0", "r"), ("-1", "r"), ("1e3", "r"), ("1.0000001", "r"), ("1", " "), ("1", &"x".repeat(256))]
        {
            assert!(deposit(amount, reference).checked().is_err(), "{amount} {reference}");
        }
    }
}
