//! Who sends: gathers what the router needs, and says what is wrong when nobody can.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::problem::{Code, Problem};
use crate::domain::address::Address;
use crate::domain::conversation::conversation_id;
use crate::domain::ids::{AccountId, TenantId};
use crate::domain::number::PhoneNumber;
use crate::domain::phone::E164;
use crate::domain::price::PriceTable;
use crate::domain::routing::{
    AccountState, Candidate, Capability, Decision, Demand, Excluded, Exclusion, RouteContext, RouteRequest,
    decide,
};
use crate::ports::{AccountStates, Conversations, Numbers, StoreError};
use crate::provider::{ProviderId, registry};

/// At most this many exclusions are told with a problem.
const MAX_TOLD: usize = 25;

/// Finds senders.
pub struct Router {
    /// Whose numbers there are.
    pub numbers: Arc<dyn Numbers>,
    /// Conversations, for the number that one used last.
    pub conversations: Arc<dyn Conversations>,
    /// What is known of the accounts that hold them.
    pub accounts: Arc<dyn AccountStates>,
    /// Prices, for the cost.
    pub prices: &'static PriceTable,
}

/// What a decision is made of, and the numbers that it is about.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The tenant's numbers; with `from`, only that one.
    pub numbers: Vec<PhoneNumber>,
    /// The same as candidates.
    pub candidates: Vec<Candidate>,
    /// What else is known.
    pub context: RouteContext,
}

impl Router {
    /// Everything that is known for a request. With `from` 1 read; else 1 read and 1 query at the same
    /// time, and the states of the accounts.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn gather(&self, tenant: &TenantId, request: &RouteRequest) -> Result<Gathered, StoreError> {
        let conversation = conversation_id(tenant, &[&Address::Phone(request.to.clone())]);
        let (numbers, last_used) = match &request.from {
            Some(from) => (self.numbers.by_tenant(tenant, from).await?.into_iter().collect(), None),
            None => {
                let known = self.conversations.get(tenant, conversation);
                let (known, numbers) =
                    futures_util::future::try_join(known, self.numbers.of_tenant(tenant)).await?;
                (numbers, known.and_then(|known| known.last_own_number.parse::<E164>().ok()))
            }
        };
        let country = request.to.country();
        let media = request.needs.contains(&Capability::Mms);
        // Texts have a price by destination; calls have none here yet.
        let texting = media || request.needs.contains(&Capability::Sms);
        let bindings: Vec<_> = numbers.iter().map(|number| binding(number, texting)).collect();
        let accounts = bindings.iter().map(|(_, account)| (*account).clone()).collect();
        let states = self.accounts.states(tenant, &accounts).await?;
        let cost = if texting { self.prices.message_cost(country, media, 1) } else { None };
        let candidates = numbers
            .iter()
            .zip(bindings)
            .map(|(number, (provider, account))| Candidate {
                number: number.phone.clone(),
                provider,
                can: abilities(number),
                active: number.may_send(),
                primary: number.is_primary,
                state: states.get(account).cloned().unwrap_or(AccountState::UNKNOWN),
                account: account.clone(),
                cost,
                created_at: number.created_at,
            })
            .collect();
        let context = RouteContext { last_used, seed: conversation.to_string() };
        Ok(Gathered { numbers, candidates, context })
    }
}

/// Who carries a number's texts, or its calls.
fn binding(number: &PhoneNumber, texting: bool) -> (ProviderId, &AccountId) {
    match &number.voice_via {
        Some(via) if !texting => (via.provider, &via.account),
        _ => (number.provider, &number.account),
    }
}

/// What both a number and the provider of each channel can do.
fn abilities(number: &PhoneNumber) -> BTreeSet<Capability> {
    let texts = registry::capabilities(number.provider);
    let calls = registry::capabilities(binding(number, false).0);
    let both = [
        (Capability::Voice, number.voice && calls.voice),
        (Capability::Sms, number.sms && texts.sms),
        (Capability::Mms, number.mms && texts.mms),
        (Capability::Rvm, number.voice && calls.rvm),
        (Capability::Shaken, number.voice && calls.shaken),
    ];
    both.into_iter().filter_map(|(capability, can)| can.then_some(capability)).collect()
}

/// The provider that a caller demands by name.
///
/// # Errors
/// A problem of this field, when the word names none.
pub(super) fn provider(field: &'static str, word: Option<&str>) -> Result<Option<ProviderId>, Problem> {
    let read = |word: &str| word.parse().map_err(|_| Problem::field(field, "names no provider"));
    word.map(read).transpose()
}

impl Gathered {
    /// The candidate with this number.
    pub fn candidate(&self, number: &E164) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| candidate.number == *number)
    }

    /// Why a request has no route, when nobody could be selected.
    pub fn no_route(&self, request: &RouteRequest) -> Problem {
        let decision = decide(request, &self.candidates, &self.context);
        if request.from.is_some()
            && let Some(problem) = named_sender_problem(&decision)
        {
            return problem;
        }
        let mut problem =
            Problem::new(self.code(&decision)).with_detail("None of your numbers can serve this request");
        for excluded in decision.excluded.iter().take(MAX_TOLD) {
            let candidate = self.candidate(&excluded.number);
            let field = candidate.map_or("from", |candidate| field(request, candidate, excluded));
            let provider = candidate.map_or("", |candidate| candidate.provider.as_str());
            let words = format!("{} ({provider}): {}", excluded.number.expose(), excluded.reason);
            problem = problem.and_field(field, words);
        }
        // A tenant without numbers has nothing excluded; what was demanded is named all the same.
        for (demanded, field) in [
            (request.provider.is_some(), "providerOverride"),
            (request.account.is_some(), "providerAccountId"),
        ] {
            if demanded && decision.excluded.is_empty() {
                problem = problem.and_field(field, "you have no number there");
            }
        }
        problem
    }

    fn code(&self, decision: &Decision) -> Code {
        let in_question = || {
            decision.excluded.iter().filter(|excluded| {
                !matches!(
                    excluded.reason,
                    Exclusion::OverrideMismatch | Exclusion::IsRecipient | Exclusion::NotActive
                )
            })
        };
        if in_question().next().is_none() {
            return Code::NoRoute;
        }
        if in_question().all(|excluded| matches!(excluded.reason, Exclusion::CapabilityMissing(_))) {
            return Code::CapabilityMissing;
        }
        if in_question().all(|excluded| excluded.reason == Exclusion::AccountNotConfigured) {
            let providers: BTreeSet<ProviderId> = in_question()
                .filter_map(|excluded| self.candidate(&excluded.number))
                .map(|candidate| candidate.provider)
                .collect();
            let only = providers.first().copied().filter(|_| providers.len() == 1);
            return Code::ProviderNotConfigured(only);
        }
        Code::NoRoute
    }
}

/// The problems of a sender that was named, which have codes of their own.
fn named_sender_problem(decision: &Decision) -> Option<Problem> {
    match decision.excluded.first().map(|excluded| excluded.reason) {
        None | Some(Exclusion::NotActive) => Some(
            Problem::new(Code::NoProviderForNumber)
                .and_field("from", "is not an active number of yours with a provider"),
        ),
        Some(Exclusion::IsRecipient) => Some(Problem::field("to", "must not be the sending number")),
        Some(_) => None,
    }
}

/// The member of the request that a candidate does not fit.
fn field(request: &RouteRequest, candidate: &Candidate, excluded: &Excluded) -> &'static str {
    match excluded.reason {
        Exclusion::IsRecipient => "to",
        Exclusion::OverrideMismatch => match request.unmet(candidate) {
            Some(Demand::Provider) => "providerOverride",
            Some(Demand::Account) => "providerAccountId",
            Some(Demand::From) | None => "from",
        },
        _ => "from",
    }
}
