//! The ports of a subscription, with the fuse around every call.

use std::sync::Arc;

use async_trait::async_trait;
use telephony::domain::account::{AccountRecord, ConnectionTest, Owner};
use telephony::domain::ids::{AccountId, NumberId, PurchaseId, SubscriptionId, TenantId};
use telephony::domain::number::PhoneNumber;
use telephony::domain::phone::E164;
use telephony::domain::purchase::Purchase;
use telephony::domain::subscription::Subscription;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::wallet::LedgerEntry;
use telephony::ports::*;
use telephony::provider::transport::{HttpTransport, TransportError};
use telephony_aws::{Book, Store};
use telephony_http::ReqwestTransport;

use crate::fuse::Fuse;

/// What is cut: store, accounts or provider.
#[derive(Clone)]
pub struct Cutting<P> {
    pub inner: P,
    pub fuse: Arc<Fuse>,
}

type Answer<T> = Result<T, StoreError>;

/// A port's methods, each sent through the fuse under its name.
macro_rules! cutting {
    ($port:ident of $inner:ty { $($label:literal fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)* }) => {
        #[async_trait]
        impl $port for Cutting<$inner> {
            $(async fn $name(&self, $($arg: $kind),*) -> Answer<$out> {
                self.fuse.call($label, $port::$name(&self.inner, $($arg),*)).await
            })*
        }
    };
}

cutting! { SubscriptionRecords of Store {
    "subscriptions.add" fn add_subscription(new: &Subscription) -> Option<Subscription>;
    "subscriptions.read" fn subscription(tenant: &TenantId, id: &SubscriptionId) -> Option<Subscription>;
    "subscriptions.replace" fn replace_subscription(
        before: &Subscription, after: &Subscription) -> Option<Subscription>;
} }

cutting! { Tasks of Store {
    "tasks.due" fn due_tasks(kind: TaskKind, now: Timestamp, limit: u32) -> Vec<(Task, Timestamp)>;
} }

cutting! { AccountBook of Book {
    "book.list" fn list(owner: &Owner) -> Vec<AccountRecord>;
    "book.find" fn find(owner: &Owner, id: &AccountId) -> Option<AccountRecord>;
    "book.bound" fn bound_account(tenant: &TenantId, key: &str, now: Timestamp) -> Option<BoundAccount>;
    "book.add" fn add(
        caller: &TenantId, account: &AccountRecord, binding: Option<&IdempotencyBinding>, now: Timestamp
    ) -> AccountWrite;
    "book.replace" fn replace(before: &AccountRecord, after: &AccountRecord, now: Timestamp) -> AccountWrite;
    "book.remove" fn remove(account: &AccountRecord) -> bool;
    "book.test" fn note_test(account: &AccountRecord, test: &ConnectionTest, proven: bool) -> bool;
} }

cutting! { Purchases of Store {
    "purchases.bound" fn bound_purchase(tenant: &TenantId, key: &str, now: Timestamp) -> Option<BoundPurchase>;
    "purchases.begin" fn begin(purchase: &Purchase, key: Option<&IdempotencyBinding>, due: Timestamp) -> Begun;
    "purchases.read" fn purchase(tenant: &TenantId, id: PurchaseId) -> Option<Purchase>;
    "purchases.open" fn open_purchase(phone: &E164) -> Option<(TenantId, PurchaseId)>;
    "purchases.advance" fn advance(before: &Purchase, after: &Purchase, due: Timestamp) -> Option<Purchase>;
    "purchases.complete" fn complete(
        before: &Purchase, after: &Purchase, number: &PhoneNumber) -> Completed;
    "purchases.fail" fn fail(before: &Purchase, after: &Purchase, kept: Option<&StockNumber>) -> bool;
    "purchases.hasten" fn hasten(purchase: &Purchase, due: Timestamp) -> bool;
    "purchases.receipt" fn receipt(purchase: &Purchase) -> Option<LedgerEntry>;
} }

cutting! { Numbers of Store {
    "numbers.by_account" fn by_account(account: &AccountId, phone: &E164) -> Option<PhoneNumber>;
    "numbers.by_tenant" fn by_tenant(tenant: &TenantId, phone: &E164) -> Option<PhoneNumber>;
    "numbers.of_tenant" fn of_tenant(tenant: &TenantId) -> Vec<PhoneNumber>;
    "numbers.put" fn put(number: &PhoneNumber) -> bool;
} }

cutting! { Inventory of Store {
    "inventory.number" fn number(tenant: &TenantId, id: NumberId) -> Option<PhoneNumber>;
    "inventory.numbers" fn numbers(tenant: &TenantId, page: &PageRequest) -> Page<PhoneNumber>;
    "inventory.change" fn change_numbers(changes: &[NumberChange]) -> bool;
} }

cutting! { NumberStock of Store {
    "stock.list" fn stock(account: &AccountId, page: &PageRequest) -> Page<StockNumber>;
    "stock.read" fn in_stock(account: &AccountId, phone: &E164) -> Option<StockNumber>;
    "stock.put" fn put_stock(number: &StockNumber) -> bool;
    "stock.assign" fn assign(number: &PhoneNumber) -> bool;
    "stock.forget" fn forget_stock(account: &AccountId) -> ();
    "stock.assigned" fn assigned(account: &AccountId, page: &PageRequest) -> Page<E164>;
} }

cutting! { Returns of Store {
    "returns.keep" fn keep(number: &StockNumber) -> bool;
    "returns.take_back" fn take_back(change: &NumberChange, kept: &StockNumber) -> bool;
    "returns.retry" fn retry_return(before: &StockNumber, after: &StockNumber) -> bool;
    "returns.returned" fn returned(number: &StockNumber) -> bool;
} }

#[async_trait]
impl HttpTransport for Cutting<Arc<ReqwestTransport>> {
    async fn execute(
        &self,
        request: http::Request<bytes::Bytes>,
    ) -> Result<http::Response<bytes::Bytes>, TransportError> {
        let name = match *request.method() {
            http::Method::GET => "http.get",
            http::Method::DELETE => "http.delete",
            _ => "http.write",
        };
        self.fuse.call(name, self.inner.execute(request)).await
    }
}
