//! `tandem number …`

use clap::{Args, Subcommand};
use serde_json::Value;
use telephony::domain::ids::{NumberId, TenantId};
use telephony::domain::number::{Holding, NumberStatus, PhoneNumber};
use telephony::domain::phone::E164;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::Numbers as _;
use telephony::provider::{ProviderId, registry};
use telephony_aws::Store;

use crate::{Failure, output};

const LONGEST_NAME: usize = 100;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Adds a number, or changes one that the tenant has at this account.
    Add(Box<Add>),
    /// Lists the numbers of a tenant.
    List {
        /// Whose.
        #[arg(long)]
        tenant: TenantId,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Whose it is.
    #[arg(long)]
    tenant: TenantId,
    /// The number, E.164.
    #[arg(value_name = "NUMBER", required_unless_present = "phone")]
    number: Option<E164>,
    /// The same, as an option.
    #[arg(long, conflicts_with = "number")]
    phone: Option<E164>,
    /// The provider that carries its messages: twilio, signalwire.
    #[arg(long)]
    provider: ProviderId,
    /// The provider account, as it is named in the stack's secret.
    #[arg(long)]
    account: telephony::domain::ids::AccountId,
    /// The user it is assigned to.
    #[arg(long)]
    user: Option<telephony::domain::ids::UserId>,
    /// The agent that answers it.
    #[arg(long)]
    agent: Option<telephony::domain::ids::AgentId>,
    /// The template that answers inbound texts.
    #[arg(long)]
    auto_answer: Option<telephony::domain::ids::TemplateId>,
    /// What the tenant calls it; the number itself unless said.
    #[arg(long)]
    display_name: Option<String>,
    /// Sends when nothing else decides.
    #[arg(long)]
    primary: bool,
    /// Receives but does not send.
    #[arg(long)]
    inactive: bool,
    /// Carries no MMS.
    #[arg(long)]
    no_mms: bool,
    /// The account is the tenant's own, so that its use is not charged.
    #[arg(long)]
    own_account: bool,
}

/// A command whose arguments are in order.
#[derive(Debug)]
pub(crate) enum Checked {
    Add(Box<PhoneNumber>),
    List(TenantId),
}

impl Command {
    pub(crate) fn checked(self, now: Timestamp) -> Result<Checked, Failure> {
        match self {
            Self::Add(add) => add.number(now).map(Box::new).map(Checked::Add),
            Self::List { tenant } => Ok(Checked::List(tenant)),
        }
    }
}

impl Add {
    fn number(self, now: Timestamp) -> Result<PhoneNumber, Failure> {
        let phone = self.number.or(self.phone).ok_or_else(|| Failure::Usage("which number?".into()))?;
        let display_name = self.display_name.unwrap_or_else(|| phone.expose().to_owned());
        let length = display_name.trim().chars().count();
        if length == 0 || length > LONGEST_NAME || display_name.chars().any(char::is_control) {
            return Err(Failure::Usage(format!(
                "a display name has 1 to {LONGEST_NAME} printable characters"
            )));
        }
        let can = registry::capabilities(self.provider);
        Ok(PhoneNumber {
            id: NumberId::derived(&[
                "number",
                self.tenant.as_str(),
                self.account.as_str(),
                phone.expose(),
                &now.to_string(),
            ]),
            tenant: self.tenant,
            phone,
            provider: self.provider,
            account: self.account,
            own_account: self.own_account,
            user: self.user,
            agent: self.agent,
            auto_answer: self.auto_answer,
            routes: Vec::new(),
            display_name: display_name.trim().to_owned(),
            is_active: !self.inactive,
            is_primary: self.primary,
            voice: can.voice,
            sid: None,
            voice_via: None,
            sms: can.sms,
            mms: can.mms && !self.no_mms,
            status: NumberStatus::Active,
            holding: Holding::default(),
            version: 0,
            created_at: now,
        })
    }
}

fn shown(number: &PhoneNumber) -> Result<Value, Failure> {
    serde_json::to_value(number).map_err(|error| Failure::Output(error.into()))
}

pub(crate) async fn run(store: &Store, command: Checked) -> Result<(), Failure> {
    match command {
        Checked::List(tenant) => {
            for number in store.of_tenant(&tenant).await? {
                output::answer(&shown(&number)?)?;
            }
            Ok(())
        }
        Checked::Add(number) => {
            let number = held_before(store, *number).await?;
            if !store.put(&number).await? {
                let words = "the number is registered for another tenant or account";
                return Err(Failure::Refused(words.into()));
            }
            Ok(output::answer(&shown(&number)?)?)
        }
    }
}

/// Adding a number again changes the holding that there is: it keeps its id.
async fn held_before(store: &Store, number: PhoneNumber) -> Result<PhoneNumber, Failure> {
    Ok(match store.by_tenant(&number.tenant, &number.phone).await? {
        Some(held) if held.account == number.account => PhoneNumber {
            id: held.id,
            status: held.status,
            holding: held.holding,
            version: held.version.saturating_add(1),
            created_at: held.created_at,
            ..number
        },
        Some(_) | None => number,
    })
}

#[cfg(test)]
mod tests {
    use super::{Checked, Command};
    use crate::{Arguments, Failure};
    use clap::Parser as _;
    use telephony::domain::timestamp::Timestamp;

    fn add(more: &[&str]) -> Result<Checked, Failure> {
        let words = [
            "tandem",
            "number",
            "add",
            "--tenant",
            "demo",
            "--provider",
            "twilio",
            "--account",
            "platform-twilio",
        ];
        let arguments = Arguments::try_parse_from(words.iter().chain(more));
        match arguments.map_err(|error| Failure::Usage(error.to_string()))?.command {
            crate::Command::Number(command @ Command::Add(_)) => command.checked(Timestamp::from_millis(0)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_number_is_given_by_place_or_by_name() {
        let Ok(Checked::Add(number)) = add(&["+14155552671", "--primary", "--no-mms"]) else {
            panic!("refused")
        };
        assert_eq!(number.phone.expose(), "+14155552671");
        assert_eq!(number.display_name, "+14155552671");
        assert!(number.is_primary && number.is_active && !number.mms);
        assert!(add(&["--phone", "+14155552671"]).is_ok());
        assert!(add(&["+14155552671", "--phone", "+14155552671"]).is_err());
    }

    #[test]
    fn what_the_api_refuses_is_refused() {
        for wrong in [
            &["4155552671"][..],
            &["12345"],
            &["--phone", "+141555"],
            &["--phone", "+14155552671", "--display-name", " "],
            &["--phone", "+14155552671", "--display-name", "a\nb"],
            &["--phone", "+14155552671", "--user", "a#b"],
            &[],
        ] {
            assert!(add(wrong).is_err(), "{wrong:?}");
        }
    }
}
