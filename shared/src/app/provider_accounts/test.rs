//! `test_connection`: is the account good, and if not, what is wrong?

use super::{Actor, Asked, ProviderAccounts};
use crate::api::provider_management::ProviderAnswer;
use crate::app::problem::{Code, Problem};
use crate::app::provider_problem;
use crate::domain::account::{AccountRecord, ConnectionTest};
use crate::domain::money::Micros;
use crate::provider::connection::AccountState;
use crate::provider::error::{ErrorKind, ProviderError};

const WHAT: &str = "Connection test";

impl ProviderAccounts {
    pub(super) async fn test_connection(
        &self,
        actor: &Actor,
        asked: &Asked,
    ) -> Result<ProviderAnswer, Problem> {
        let record = self.meant(actor, asked, |_| true).await?;
        let account = record.account();
        let answer = match self.desk.connection(&account) {
            Ok(connection) => connection.check().await,
            Err(error) => Err(error),
        };
        let (test, proven, problem) = self.judged(answer);
        // What is wrong with what is missing is told by the answer; there is nothing to note.
        if problem.as_ref().is_none_or(|problem| !matches!(problem.code(), Code::ProviderNotConfigured(_))) {
            self.noted(&record, &test, proven).await?;
        }
        tracing::info!(
            provider = %record.provider, account = %record.id, problem = test.problem.as_deref().unwrap_or("none"),
            "Connection tested"
        );
        if let Some(problem) = problem {
            return Err(problem);
        }
        let record = AccountRecord { last_test: Some(test), ..record };
        Ok(ProviderAnswer { provider: Some(self.body(actor, &record, None)), ..ProviderAnswer::default() })
    }

    /// A test of credentials that were changed meanwhile says nothing about the new ones.
    async fn noted(
        &self,
        record: &AccountRecord,
        test: &ConnectionTest,
        proven: bool,
    ) -> Result<(), Problem> {
        if !self.book.note_test(record, test, proven).await? {
            tracing::info!(account = %record.id, "The account changed while it was tested");
        }
        Ok(())
    }

    /// What an answer means: the note, whether the credentials are proven, and the problem to answer with.
    fn judged(&self, answer: Result<AccountState, ProviderError>) -> (ConnectionTest, bool, Option<Problem>) {
        let at = self.clock.now();
        let note = |problem: Option<&str>| ConnectionTest {
            at,
            problem: problem.map(str::to_owned),
            balance: None,
            note: None,
        };
        let error = match answer {
            Ok(state) => {
                let empty = state.balance.as_ref().is_some_and(|balance| balance.amount <= Micros::ZERO);
                let problem = match (state.active, empty) {
                    (false, _) => Some("suspended"),
                    (true, true) => Some("balance"),
                    (true, false) => None,
                };
                let test = ConnectionTest { balance: state.balance, note: state.note, ..note(problem) };
                return (test, true, None);
            }
            Err(error) => error,
        };
        let answered = provider_problem::problem(&error, WHAT);
        match error.kind() {
            // It knows us well enough to speak about money.
            ErrorKind::InsufficientFunds => (note(Some("balance")), true, None),
            ErrorKind::Authentication => (note(Some("credentials")), false, Some(answered)),
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::RateLimited => {
                (note(Some("network")), false, Some(answered))
            }
            _ => (note(Some("provider")), false, Some(answered)),
        }
    }
}
