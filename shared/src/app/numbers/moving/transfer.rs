//! The provider's part of a move: the number goes from one account to another, and its events come to us
//! from there as well. Whoever comes after a crash looks first where the number is.

use super::super::accounts::{Reach, account, holdings};
use super::saga::{GIVE_UP, MoveSaga};
use crate::app::provider_problem;
use crate::domain::account::AccountRecord;
use crate::domain::ids::AccountId;
use crate::domain::moving::Move;
use crate::domain::number::PhoneNumber;
use crate::domain::timestamp::Timestamp;
use crate::ports::StoreError;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::numbers::{HeldNumbers, NumberSettings, RemoteNumber};

/// What became of it.
pub(super) enum Transferred {
    /// The new account holds it.
    Yes(Box<RemoteNumber>),
    /// The old account holds it, and the provider decided against the new one.
    Refused(String),
    /// The old account holds it, and nobody has noted yet that the provider is about to be asked.
    NotAsked,
    /// It is not known, or could not be tried.
    Later(String),
}

/// What the two accounts say.
enum Place {
    New(RemoteNumber),
    Old(RemoteNumber),
    Nowhere,
}

fn later(error: &ProviderError) -> Transferred {
    Transferred::Later(error.to_string())
}

impl MoveSaga {
    /// Takes the number to the new account, unless it is there.
    pub(super) async fn transfer(
        &self,
        number: &PhoneNumber,
        moving: &Move,
        above: &AccountId,
        now: Timestamp,
    ) -> Result<Transferred, StoreError> {
        let book = self.book.as_ref();
        let (old, new) = (Some(&number.tenant), Some(&moving.tenant));
        let from = account(book, old, &number.account, number.own_account).await?;
        let to = account(book, new, &moving.account, moving.own_account).await?;
        let above = match account(book, old, above, false).await? {
            Some(above) => Some(above),
            None => account(book, new, above, false).await?,
        };
        let (Some(from), Some(to), Some(above)) = (from, to, above) else {
            return Ok(Transferred::Later("an account of the move is gone".to_owned()));
        };
        let (Reach::Yes(source), Reach::Yes(target)) =
            (holdings(self.desk.as_ref(), Some(&from)), holdings(self.desk.as_ref(), Some(&to)))
        else {
            return Ok(Transferred::Later("an account of the move cannot be used".to_owned()));
        };
        let remote = match place(number, source.as_ref(), target.as_ref()).await {
            Ok(Place::New(remote)) => return self.configured(number, target.as_ref(), remote).await,
            Ok(Place::Old(remote)) => remote,
            Ok(Place::Nowhere) => return Ok(Transferred::Later("neither account holds it".to_owned())),
            Err(error) => return Ok(later(&error)),
        };
        // What we bought and does not carry our mark any more is somebody else's by now.
        if number.holding.mark.is_some() && remote.mark != number.holding.mark {
            return Ok(Transferred::Refused("The number does not carry our mark any more.".to_owned()));
        }
        if !moving.asked {
            return Ok(Transferred::NotAsked);
        }
        if now.since(moving.ripe_at()) >= GIVE_UP {
            return Ok(Transferred::Refused("The provider has not moved it for an hour.".to_owned()));
        }
        self.ask(number, &remote, (&from, source.as_ref()), (&to, target.as_ref()), &above).await
    }

    async fn ask(
        &self,
        number: &PhoneNumber,
        remote: &RemoteNumber,
        (from, source): (&AccountRecord, &dyn HeldNumbers),
        (to, target): (&AccountRecord, &dyn HeldNumbers),
        above: &AccountRecord,
    ) -> Result<Transferred, StoreError> {
        let transfers = match self.desk.number_transfers(&above.account()) {
            Some(Ok(transfers)) => transfers,
            Some(Err(error)) => return Ok(later(&error)),
            None => return Ok(Transferred::Refused("The provider cannot move it.".to_owned())),
        };
        match transfers.transfer(&remote.sid, &from.account(), &to.account()).await {
            Ok(moved) => self.configured(number, target, moved).await,
            Err(error) if is_decided(&error) => {
                // Another process may have been at it: the number says.
                match place(number, source, target).await {
                    Ok(Place::New(remote)) => self.configured(number, target, remote).await,
                    Ok(Place::Old(_)) => {
                        let problem = provider_problem::problem(&error, "The move");
                        Ok(Transferred::Refused(
                            problem.detail().unwrap_or("The provider refused.").to_owned(),
                        ))
                    }
                    Ok(Place::Nowhere) => Ok(later(&error)),
                    Err(error) => Ok(later(&error)),
                }
            }
            Err(error) => Ok(later(&error)),
        }
    }

    /// Points it at us, as the new account's: it moves as a whole, or not at all.
    async fn configured(
        &self,
        number: &PhoneNumber,
        target: &dyn HeldNumbers,
        remote: RemoteNumber,
    ) -> Result<Transferred, StoreError> {
        let settings = NumberSettings {
            webhooks: Some(self.public_base_url.clone()),
            mark: number.holding.mark.clone(),
        };
        match target.configure(&remote.sid, &settings).await {
            Ok(remote) => Ok(Transferred::Yes(Box::new(remote))),
            Err(error) if is_decided(&error) => {
                tracing::error!(
                    provider = %number.provider, number = %number.id, %error,
                    "A number was moved and its settings are refused; repair-webhooks shows them"
                );
                Ok(Transferred::Yes(Box::new(remote)))
            }
            Err(error) => Ok(later(&error)),
        }
    }
}

/// Where the number is. The new account first: while both are asked it can go one way only.
async fn place(
    number: &PhoneNumber,
    source: &dyn HeldNumbers,
    target: &dyn HeldNumbers,
) -> Result<Place, ProviderError> {
    if let Some(remote) = target.find(&number.phone).await? {
        return Ok(Place::New(remote));
    }
    Ok(source.find(&number.phone).await?.map_or(Place::Nowhere, Place::Old))
}

/// The same again would lead to the same.
fn is_decided(error: &ProviderError) -> bool {
    let refused = matches!(error.effect(), Effect::Refused | Effect::NotSent);
    refused && !error.kind().is_passing() && error.kind() != ErrorKind::RateLimited
}
