//! `/api/wallet…` and `/api/usage`.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde::Serialize;
use telephony::api::money::Dollars;
use telephony::api::wallet::{DepositRequest, SpendCapBody, SpendCapRequest, Transaction, WalletBody};
use telephony::app::money::usage::{ReportUsage, UsageQuery};
use telephony::app::problem::{Code, Problem};
use telephony::domain::money::Micros;
use telephony::domain::spending::SpendCap;
use telephony::ports::{Clients, Clock, Deposited, Wallets};
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};
use telephony_lambda::query::Query;

/// The longest reference of a deposit, in characters.
const MAX_REFERENCE_CHARS: usize = 200;
/// The largest deposit: a million dollars. More is a typing error.
const MAX_DEPOSIT: Micros = Micros::new(1_000_000_000_000);

pub(crate) struct Handler {
    pub(crate) wallets: Arc<dyn Wallets>,
    pub(crate) usage: ReportUsage,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
    pub(crate) clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    items: Vec<Transaction>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Deposit {
    transaction: Transaction,
    #[serde(flatten)]
    wallet: WalletBody,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        let segments = request.segments()?;
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (&request.method, path.as_slice()) {
            (&Method::GET, ["wallet"]) => {
                let query = Query::of(request);
                query.only(&["tenantId"])?;
                let tenant = principal.for_tenant(query.get("tenantId")?)?;
                let wallet = self.wallets.wallet(&tenant).await?;
                Answer::success(StatusCode::OK, &WalletBody::from(wallet))
            }
            (&Method::GET, ["wallet", "transactions"]) => self.transactions(&principal, request).await,
            (&Method::POST, ["wallet", "deposit"]) => self.deposit(&principal, request).await,
            (&Method::GET, ["wallet", "spend-cap"]) => {
                let query = Query::of(request);
                query.only(&["tenantId"])?;
                let tenant = principal.for_tenant(query.get("tenantId")?)?;
                let wallet = self.wallets.wallet(&tenant).await?;
                Answer::success(StatusCode::OK, &SpendCapBody::of(&wallet.spending, self.clock.now()))
            }
            (&Method::PUT, ["wallet", "spend-cap"]) => self.set_spend_cap(&principal, request).await,
            (&Method::GET, ["usage"]) => {
                let query = Query::of(request);
                query.only(&["groupBy", "from", "to", "tenantId"])?;
                let tenant = principal.for_tenant(query.get("tenantId")?)?;
                let (group, from, to) = (query.get("groupBy")?, query.get("from")?, query.get("to")?);
                let asked = UsageQuery::read(group, from, to, self.clock.now())?;
                Answer::success(StatusCode::OK, &self.usage.report(&tenant, &asked).await?)
            }
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn transactions(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        let query = Query::of(request);
        query.only(&["limit", "cursor", "tenantId"])?;
        let tenant = principal.for_tenant(query.get("tenantId")?)?;
        let page = self.wallets.entries(&tenant, &query.page()?).await?;
        let items = page.items.iter().map(Into::into).collect();
        Answer::success(StatusCode::OK, &List { items, next_cursor: page.next })
    }

    async fn set_spend_cap(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        principal.require_tenant_admin()?;
        let body: SpendCapRequest = read_json(request)?;
        let tenant = principal.for_tenant(body.tenant_id.as_deref())?;
        let cap = SpendCap { daily: limit("daily", body.daily)?, monthly: limit("monthly", body.monthly)? };
        let wallet = self.wallets.set_spend_cap(&tenant, &cap).await?;
        Answer::success(StatusCode::OK, &SpendCapBody::of(&wallet.spending, self.clock.now()))
    }

    async fn deposit(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        principal.require_admin()?;
        let body: DepositRequest = read_json(request)?;
        let tenant = principal.for_tenant(body.tenant_id.as_deref())?;
        let amount =
            body.amount.micros().ok().filter(|amount| *amount > Micros::ZERO && *amount <= MAX_DEPOSIT);
        let amount = amount.ok_or_else(|| {
            Problem::field(
                "amount",
                "must be a number of dollars, more than 0, at most 1000000, with at most 6 places",
            )
        })?;
        let reference = body.reference.trim();
        if reference.is_empty() || reference.chars().count() > MAX_REFERENCE_CHARS {
            return Err(Problem::field("reference", "must have 1 to 200 characters"));
        }
        let deposited = self.wallets.deposit(&tenant, amount, reference, self.clock.now()).await?;
        let (entry, replayed) = match deposited {
            Deposited::New(entry) => (entry, false),
            Deposited::Replay(entry) => (entry, true),
        };
        if entry.amount != amount {
            return Err(Problem::new(Code::IdempotencyMismatch)
                .and_field("reference", "was deposited before with another amount"));
        }
        let wallet = self.wallets.wallet(&tenant).await?.into();
        let status = if replayed { StatusCode::OK } else { StatusCode::CREATED };
        let body = Deposit { transaction: (&entry).into(), wallet };
        Ok(Answer::success(status, &body)?.replayed(replayed))
    }
}

/// A cap of the request; `None`: no limit.
fn limit(field: &str, amount: Option<Dollars>) -> Result<Option<Micros>, Problem> {
    let Some(amount) = amount else { return Ok(None) };
    let limit = amount.micros().ok().filter(|limit| *limit >= Micros::ZERO);
    limit.map(Some).ok_or_else(|| {
        Problem::field(
            field,
            "must be null or a number of dollars, not negative, with at most 6 places and 12 digits before them",
        )
    })
}
