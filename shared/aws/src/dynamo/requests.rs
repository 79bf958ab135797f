//! The calls to DynamoDB that everything else is made of.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure,
};
use telephony::ports::StoreError;

use super::Store;
use super::failure::{failure, is_conflict};
use super::tries::Tries;
use super::write::{Act, Write, primary_key};
use crate::item::{Item, corrupt, text};
use crate::keys::{Key, PK, SK};

/// What became of one conditional write.
#[derive(Debug)]
pub(super) enum Written {
    /// Done; the item as it is now, where that was asked for.
    Done(Item),
    /// The condition did not hold; the item as it is, empty when there is none.
    Refused(Item),
}

/// What became of a transaction.
#[derive(Debug)]
pub(super) enum Transacted {
    /// All of it is written.
    Done,
    /// None of it is: another transaction was at work. Trying again helps.
    Conflict,
    /// None of it is: conditions did not hold.
    Refused(Refusals),
}

/// Which writes of a transaction were refused, each with the item as it is.
#[derive(Debug)]
pub(super) struct Refusals(Vec<Option<Item>>);

impl Refusals {
    /// The item that refused the write at this place of the transaction; `None` when it did not.
    pub(super) fn at(&self, index: usize) -> Option<&Item> {
        self.0.get(index)?.as_ref()
    }
}

impl Store {
    /// One item.
    pub(super) async fn read(&self, key: &Key, consistent: bool) -> Result<Option<Item>, StoreError> {
        let request = self.client.get_item().table_name(&*self.table).consistent_read(consistent);
        let answer = request.set_key(Some(primary_key(key))).send().await.map_err(|error| failure(&error))?;
        Ok(answer.item)
    }

    /// All items of a partition whose sort key begins with `prefix`, consistently.
    pub(super) async fn read_partition(&self, pk: &str, prefix: &str) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut from = None;
        loop {
            let mut request = self
                .client
                .query()
                .table_name(&*self.table)
                .consistent_read(true)
                .expression_attribute_names("#pk", PK)
                .expression_attribute_values(":pk", text(pk))
                .set_exclusive_start_key(from);
            request = if prefix.is_empty() {
                request.key_condition_expression("#pk = :pk")
            } else {
                request
                    .key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)")
                    .expression_attribute_names("#sk", SK)
                    .expression_attribute_values(":sk", text(prefix))
            };
            let answer = request.send().await.map_err(|error| failure(&error))?;
            items.extend(answer.items.unwrap_or_default());
            match answer.last_evaluated_key {
                Some(last) => from = Some(last),
                None => return Ok(items),
            }
        }
    }

    /// Items by their keys, in the order of the keys; keys without an item are left out. Consistent,
    /// so that what an index names is never missing because a replica lags behind it.
    pub(super) async fn read_many(&self, keys: Vec<Key>) -> Result<Vec<Item>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut found: Vec<Item> = Vec::with_capacity(keys.len());
        let mut wanted: Vec<Item> = keys.iter().map(primary_key).collect();
        let mut tries = Tries::default();
        while !wanted.is_empty() {
            let batch = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build();
            let batch = batch.map_err(|_| corrupt("batch without keys"))?;
            let request = self.client.batch_get_item().request_items(&*self.table, batch);
            let answer = request.send().await.map_err(|error| failure(&error))?;
            found.extend(answer.responses.unwrap_or_default().into_values().flatten());
            wanted = answer
                .unprocessed_keys
                .unwrap_or_default()
                .into_values()
                .flat_map(|batch| batch.keys)
                .collect();
            if !wanted.is_empty() {
                tries.again().await?;
            }
        }
        let place = |item: &Item| {
            let is = |name: &str, value: &str| {
                item.get(name).and_then(|v| v.as_s().ok()).is_some_and(|v| v == value)
            };
            keys.iter().position(|key| is(PK, &key.pk) && is(SK, &key.sk))
        };
        found.sort_by_key(place);
        Ok(found)
    }

    /// One conditional write. With `returning`, the answer holds the item as it is afterwards.
    pub(super) async fn write(&self, write: Write, returning: bool) -> Result<Written, StoreError> {
        let mut tries = Tries::default();
        loop {
            match self.write_once(write.clone(), returning).await? {
                Some(written) => return Ok(written),
                None => tries.again().await?,
            }
        }
    }

    /// A write of which only the success matters.
    pub(super) async fn wrote(&self, write: Write) -> Result<bool, StoreError> {
        Ok(matches!(self.write(write, false).await?, Written::Done(_)))
    }

    /// `None`: a transaction is at work on the item.
    async fn write_once(&self, write: Write, returning: bool) -> Result<Option<Written>, StoreError> {
        let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
        let (condition, names, values) = (write.condition(), write.names(), write.values());
        let changes = write.changes();
        match write.act {
            Act::Put(item) => {
                let request = self.client.put_item().table_name(&*self.table).set_item(Some(item));
                let sent = request
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(all_old)
                    .send()
                    .await;
                outcome(sent.map(|_| Item::new()), |error| {
                    error.as_service_error().and_then(|e| match e {
                        aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(e) => {
                            Some(e.item.clone().unwrap_or_default())
                        }
                        _ => None,
                    })
                })
            }
            Act::Update(key) | Act::Check(key) => {
                let request =
                    self.client.update_item().table_name(&*self.table).set_key(Some(primary_key(&key)));
                let sent = request
                    .update_expression(changes)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values(returning.then_some(ReturnValue::AllNew))
                    .return_values_on_condition_check_failure(all_old)
                    .send()
                    .await;
                outcome(sent.map(|answer| answer.attributes.unwrap_or_default()), |error| {
                    error.as_service_error().and_then(|e| match e {
                        aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(
                            e,
                        ) => Some(e.item.clone().unwrap_or_default()),
                        _ => None,
                    })
                })
            }
            Act::Delete(key) => {
                let request =
                    self.client.delete_item().table_name(&*self.table).set_key(Some(primary_key(&key)));
                let sent = request
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(all_old)
                    .send()
                    .await;
                outcome(sent.map(|_| Item::new()), |error| {
                    error.as_service_error().and_then(|e| match e {
                        aws_sdk_dynamodb::operation::delete_item::DeleteItemError::ConditionalCheckFailedException(
                            e,
                        ) => Some(e.item.clone().unwrap_or_default()),
                        _ => None,
                    })
                })
            }
        }
    }

    /// All of it or none of it. The SDK draws one `ClientRequestToken` for each call and keeps it over
    /// its own retries, so that a lost answer is repeated, not applied twice. The token is not derived
    /// from the content: two callers with equal contents would then both be told that they won.
    pub(super) async fn transact(&self, writes: Vec<Write>) -> Result<Transacted, StoreError> {
        use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
        let items: Result<Vec<_>, _> =
            writes.into_iter().map(|write| write.in_transaction(&self.table)).collect();
        let sent = self.client.transact_write_items().set_transact_items(Some(items?)).send().await;
        let error = match sent {
            Ok(_) => return Ok(Transacted::Done),
            Err(error) => error,
        };
        let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error()
        else {
            return if is_conflict(&error) { Ok(Transacted::Conflict) } else { Err(failure(&error)) };
        };
        let mut conflict = false;
        let mut refused = Vec::new();
        for reason in canceled.cancellation_reasons() {
            refused.push(match reason.code().unwrap_or("None") {
                "ConditionalCheckFailed" => Some(reason.item().cloned().unwrap_or_default()),
                "TransactionConflict" => {
                    conflict = true;
                    None
                }
                "None" => None,
                code => return Err(StoreError::Unavailable(code.to_owned())),
            });
        }
        if refused.iter().any(Option::is_some) {
            Ok(Transacted::Refused(Refusals(refused)))
        } else if conflict {
            Ok(Transacted::Conflict)
        } else {
            Err(failure(&error))
        }
    }

    /// All of it, whatever other transactions are doing. False: a condition did not hold.
    pub(super) async fn all_or_none(&self, writes: Vec<Write>) -> Result<bool, StoreError> {
        let mut tries = Tries::default();
        loop {
            match self.transact(writes.clone()).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(_) => return Ok(false),
                Transacted::Conflict => tries.again().await?,
            }
        }
    }
}

fn outcome<E, R>(
    sent: Result<Item, SdkError<E, R>>,
    refusal: impl FnOnce(&SdkError<E, R>) -> Option<Item>,
) -> Result<Option<Written>, StoreError>
where
    E: aws_sdk_dynamodb::error::ProvideErrorMetadata,
{
    match sent {
        Ok(item) => Ok(Some(Written::Done(item))),
        Err(error) => match refusal(&error) {
            Some(item) => Ok(Some(Written::Refused(item))),
            None if is_conflict(&error) => Ok(None),
            None => Err(failure(&error)),
        },
    }
}

/// A text attribute of a key, as it was read.
pub(super) fn key_of(item: &Item) -> Result<Key, StoreError> {
    let part = |name: &str| item.get(name).and_then(|v: &AttributeValue| v.as_s().ok()).cloned();
    match (part(PK), part(SK)) {
        (Some(pk), Some(sk)) => Ok(Key { pk, sk }),
        (None, _) | (_, None) => Err(corrupt("key")),
    }
}
