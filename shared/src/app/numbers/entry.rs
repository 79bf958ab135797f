//! Numbers that are entered by hand. They wait, without a route, until their account proves that it holds
//! them: whatever a tenant says, only its account's provider knows.

use super::inventory::{ManageNumbers, display_name, notes, opaque};
use crate::api::numbers::inventory::NumberEntryRequest;
use crate::app::problem::{Code, Problem};
use crate::app::provider_accounts::reach::is_own;
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::{NumberId, TenantId, UserId};
use crate::domain::number::{EnteredKind, Holding, NumberStatus, PhoneNumber};
use crate::domain::phone::E164;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Inventory, NumberChange, StoreError};
use crate::provider::numbers::{NumberKind, RemoteNumber};

/// A number whose account has proven that it holds it takes part. `None`: somebody else has the number
/// through this account, or it was changed in between.
///
/// # Errors
/// When the store fails.
pub async fn prove(
    inventory: &dyn Inventory,
    number: &PhoneNumber,
    remote: &RemoteNumber,
    now: Timestamp,
) -> Result<Option<PhoneNumber>, StoreError> {
    let mut after = PhoneNumber {
        status: NumberStatus::Active,
        sid: Some(remote.sid.clone()),
        is_active: number.is_active && remote.active,
        voice: remote.capabilities.voice,
        sms: remote.capabilities.sms,
        mms: remote.capabilities.mms,
        ..number.clone()
    };
    after.holding.updated_at = Some(now);
    let change = NumberChange { before: number.clone(), after };
    let done = inventory.change_numbers(std::slice::from_ref(&change)).await?;
    Ok(done.then(|| PhoneNumber { version: number.version.saturating_add(1), ..change.after }))
}

impl ManageNumbers {
    /// Enters a number. It is active at once when its account holds it now, and pending otherwise.
    /// `admin`: the platform asks, whose accounts nobody else may name.
    ///
    /// # Errors
    /// A problem that names the field; `NUMBER_UNAVAILABLE` when the tenant has it already.
    pub async fn enter(
        &self,
        tenant: &TenantId,
        admin: bool,
        request: &NumberEntryRequest,
    ) -> Result<PhoneNumber, Problem> {
        let entry = Entry::read(request, &self.default_country)?;
        let unknown = || {
            Problem::new(Code::ProviderNotFound).and_field("providerAccountId", "names no account of yours")
        };
        let id = request.provider_account_id.parse().map_err(|_| unknown())?;
        let record = self.account(tenant, &id).await?.ok_or_else(unknown)?;
        // What is in the platform's stock is not had by naming it.
        if record.owner == Owner::Platform && !admin {
            return Err(
                Problem::new(Code::Forbidden).with_detail("The platform's accounts need the role admin.")
            );
        }
        let now = self.clock.now();
        let number = PhoneNumber {
            id: NumberId::from_bits(self.random.ulid(now)),
            tenant: tenant.clone(),
            phone: entry.phone,
            provider: record.provider,
            account: record.id.clone(),
            own_account: is_own(self.book.as_ref(), &record).await?,
            sid: None,
            voice_via: None,
            user: entry.user,
            agent: None,
            auto_answer: None,
            routes: Vec::new(),
            display_name: entry.display_name,
            status: NumberStatus::Pending,
            is_active: true,
            is_primary: false,
            // Not known before its account was asked.
            voice: false,
            sms: false,
            mms: false,
            holding: Holding { updated_at: Some(now), ..entry.holding },
            version: 0,
            created_at: now,
        };
        if !self.numbers.put(&number).await? {
            let message = "is in your inventory already";
            return Err(Problem::new(Code::NumberUnavailable).and_field("phoneNumber", message));
        }
        tracing::info!(%tenant, number_id = %number.id, account = %record.id, "Number entered by hand");
        match self.remote(&record, &number.phone).await {
            Some(remote) => {
                let active = prove(self.inventory.as_ref(), &number, &remote, now).await?;
                Ok(active.unwrap_or(number))
            }
            None => Ok(number),
        }
    }

    /// The number as its account holds it. That the provider cannot be asked now is no reason to refuse
    /// the entry: an import asks again.
    async fn remote(&self, record: &AccountRecord, phone: &E164) -> Option<RemoteNumber> {
        if !record.is_usable() {
            return None;
        }
        let holdings = self.desk.held_numbers(&record.account())?.ok()?;
        match holdings.find(phone).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(account = %record.id, kind = ?error.kind(), "A number could not be looked for");
                None
            }
        }
    }
}

/// What a request says of a number.
struct Entry {
    phone: E164,
    display_name: String,
    user: Option<UserId>,
    holding: Holding,
}

impl Entry {
    fn read(request: &NumberEntryRequest, default_country: &str) -> Result<Self, Problem> {
        let phone = E164::from_input(&request.phone_number, default_country).map_err(|_| {
            Problem::new(Code::InvalidNumber).and_field("phoneNumber", "is not a valid phone number")
        })?;
        let (kind, entered_as) = match request.number_type.as_deref() {
            None => (phone.kind(), None),
            Some(word) => kind(word)?,
        };
        Ok(Self {
            display_name: display_name(&request.display_name)?,
            user: opaque("userId", request.user_id.as_deref())?,
            holding: Holding {
                business: opaque("businessId", request.business_id.as_deref())?,
                country: phone.country().map(str::to_owned),
                kind,
                entered_as,
                notes: notes(request.notes.as_deref())?,
                ..Holding::default()
            },
            phone,
        })
    }
}

/// A kind by its word.
fn kind(word: &str) -> Result<(Option<NumberKind>, Option<EnteredKind>), Problem> {
    match word {
        "local" => Ok((Some(NumberKind::Local), None)),
        "tollFree" | "toll_free" => Ok((Some(NumberKind::TollFree), None)),
        "mobile" => Ok((Some(NumberKind::Mobile), None)),
        "international" => Ok((None, Some(EnteredKind::International))),
        "vanity" => Ok((None, Some(EnteredKind::Vanity))),
        _ => Err(Problem::field("numberType", "must be local, tollFree, mobile, international or vanity")),
    }
}
