//! Which tenant holds a number, remembered for a minute so that a warm webhook reads nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::ids::AccountId;
use crate::domain::moving::ROUTE_MAX_AGE;
use crate::domain::number::{NumberStatus, PhoneNumber};
use crate::domain::phone::E164;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Numbers, StoreError};

/// How long an answer is used. Moving a number between tenants parks inbound messages for longer
/// than [`ROUTE_MAX_AGE`], so that no answer in use here can name the old tenant. "It is moving" is not
/// kept, so that its end is seen at once.
const FRESH: Duration = Duration::from_secs(60);
/// How long "nobody holds it" is used: short, because a number may just have been bought.
const FRESH_NEGATIVE: Duration = Duration::from_secs(5);
/// How many answers are kept.
const CAPACITY: usize = 10_000;

type Answers = HashMap<(AccountId, E164), (Timestamp, Option<PhoneNumber>)>;

/// The cache. One per process.
pub struct RouteCache {
    numbers: Arc<dyn Numbers>,
    answers: Mutex<Answers>,
}

impl RouteCache {
    /// An empty cache before `numbers`.
    pub fn new(numbers: Arc<dyn Numbers>) -> Self {
        Self { numbers, answers: Mutex::new(HashMap::new()) }
    }

    /// The number `phone` as held through `account`.
    ///
    /// # Errors
    /// When the store fails and no answer of the last five minutes is at hand.
    pub async fn by_account(
        &self,
        account: &AccountId,
        phone: &E164,
        now: Timestamp,
    ) -> Result<Option<PhoneNumber>, StoreError> {
        let key = (account.clone(), phone.clone());
        let known = self.lock().get(&key).cloned();
        if let Some((at, answer)) = &known {
            let limit = if answer.is_some() { FRESH } else { FRESH_NEGATIVE };
            if now.since(*at) < limit {
                return Ok(answer.clone());
            }
        }
        match self.numbers.by_account(account, phone).await {
            Ok(answer) => {
                let mut answers = self.lock();
                if answer.as_ref().is_some_and(|number| number.status == NumberStatus::Moving) {
                    answers.remove(&key);
                    return Ok(answer);
                }
                if answers.len() >= CAPACITY && !answers.contains_key(&key) {
                    // Rare and cheap enough: drop what is old; when nothing is, start over.
                    answers.retain(|_, (at, _)| now.since(*at) < FRESH);
                    if answers.len() >= CAPACITY {
                        answers.clear();
                    }
                }
                answers.insert(key, (now, answer.clone()));
                Ok(answer)
            }
            Err(error) => match known {
                Some((at, Some(answer))) if now.since(at) < ROUTE_MAX_AGE => {
                    tracing::warn!(%error, "Using an older route, because the store cannot be asked");
                    Ok(Some(answer))
                }
                _ => Err(error),
            },
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
