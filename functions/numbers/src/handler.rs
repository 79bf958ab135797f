//! `/api/numbers`, `/api/numbers/{id}` and `/api/numbers/{id}/move`.

use std::sync::Arc;

use http::{HeaderName, Method, StatusCode};
use serde::Serialize;
use telephony::api::numbers::inventory::{NumberChangeRequest, NumberEntryRequest};
use telephony::api::numbers::moving::MoveRequest;
use telephony::api::numbers::number::NumberBody;
use telephony::app::numbers::inventory::{Filter, ManageNumbers};
use telephony::app::numbers::moving::MoveNumber;
use telephony::app::problem::{Code, Problem};
use telephony::domain::ids::{NumberId, TenantId};
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::domain::phone::E164;
use telephony::ports::Clients;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};
use telephony_lambda::query::Query;

const FILTERS: [&str; 9] =
    ["limit", "cursor", "tenantId", "provider", "userId", "businessId", "agentId", "status", "phoneNumber"];

pub(crate) struct Handler {
    pub(crate) numbers: ManageNumbers,
    pub(crate) moves: MoveNumber,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    items: Vec<NumberBody>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct One {
    number: NumberBody,
}

fn id(text: &str) -> Result<NumberId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound))
}

/// Whose numbers are meant, by the only parameter that there is.
fn tenant(principal: &Principal, request: &HttpRequest) -> Result<TenantId, Problem> {
    let query = Query::of(request);
    query.only(&["tenantId"])?;
    principal.for_tenant(query.get("tenantId")?)
}

/// The key, if there is one. One that cannot be read is refused: ignored, a repetition would act again.
fn key(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    if !request.headers.contains_key("idempotency-key") {
        return Ok(None);
    }
    let unreadable = || Problem::field("Idempotency-Key", "must have 1 to 255 visible ASCII characters");
    request.header("idempotency-key").ok_or_else(unreadable).map(Some)
}

fn parsed<T: std::str::FromStr>(
    query: &Query,
    name: &'static str,
    wrong: &'static str,
) -> Result<Option<T>, Problem> {
    query.get(name)?.map(str::parse).transpose().map_err(|_| Problem::field(name, wrong))
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        let segments = request.segments()?;
        let path: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
        match (&request.method, path.as_slice()) {
            (&Method::GET, []) => self.list(&principal, request).await,
            (&Method::POST, []) => {
                principal.require_tenant_admin()?;
                let tenant = tenant(&principal, request)?;
                let body: NumberEntryRequest = read_json(request)?;
                let entered = self.numbers.enter(&tenant, principal.admin, &body).await?;
                self.answer(StatusCode::CREATED, &entered)
            }
            (&Method::GET, [of]) => {
                let tenant = tenant(&principal, request)?;
                let number = self.numbers.number(&tenant, id(of)?).await?;
                self.answer(StatusCode::OK, &number)
            }
            (&Method::PATCH, [of]) => {
                principal.require_tenant_admin()?;
                let tenant = tenant(&principal, request)?;
                let body: NumberChangeRequest = read_json(request)?;
                let changed = self.numbers.change(&tenant, id(of)?, &body).await?;
                self.answer(StatusCode::OK, &changed)
            }
            (&Method::POST, [of, "move"]) => {
                principal.require_admin()?;
                let tenant = tenant(&principal, request)?;
                let body: MoveRequest = read_json(request)?;
                let moving =
                    self.moves.begin(&principal.tenant, &tenant, id(of)?, &body, key(request)?).await?;
                let answer = self.answer(StatusCode::ACCEPTED, &moving.number)?;
                Ok(match moving.replayed {
                    true => answer.with_header(HeaderName::from_static("idempotency-replayed"), "true"),
                    false => answer,
                })
            }
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn list(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        let query = Query::of(request);
        query.only(&FILTERS)?;
        let tenant = principal.for_tenant(query.get("tenantId")?)?;
        let filter = self.filter(&query)?;
        let page = self.numbers.list(&tenant, &filter, &query.page()?).await?;
        let items = page.items.iter().map(|number| self.body(number)).collect();
        Answer::success(StatusCode::OK, &List { items, next_cursor: page.next })
    }

    fn filter(&self, query: &Query) -> Result<Filter, Problem> {
        let status = |word: &str| NumberStatus::ALL.into_iter().find(|status| status.as_str() == word);
        let phone = |text: &str| E164::from_input(text, &self.numbers.default_country);
        Ok(Filter {
            provider: parsed(query, "provider", "must be twilio, signalwire, telnyx or retell")?,
            user: parsed(query, "userId", "is not a user id")?,
            business: parsed(query, "businessId", "is not a business id")?,
            agent: parsed(query, "agentId", "is not an agent id")?,
            status: match query.get("status")?.map(|word| status(word).ok_or(())).transpose() {
                Ok(status) => status,
                Err(()) => {
                    let words = "must be pending, active, suspended, moving, releasing or released";
                    return Err(Problem::field("status", words));
                }
            },
            phone: query.get("phoneNumber")?.map(phone).transpose().map_err(|_| {
                Problem::new(Code::InvalidNumber).and_field("phoneNumber", "is not a valid phone number")
            })?,
        })
    }

    fn body(&self, number: &PhoneNumber) -> NumberBody {
        NumberBody::new(number, &self.numbers.public_base_url)
    }

    fn answer(&self, status: StatusCode, number: &PhoneNumber) -> Result<Answer, Problem> {
        Answer::success(status, &One { number: self.body(number) })
    }
}
