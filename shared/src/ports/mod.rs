//! What the use-cases need from the outside: narrow traits, so that each function asks for exactly
//! what it uses and its permissions can match. `docs/data-model.md` has the keys behind them.

mod accounts;
mod calls;
mod directory;
mod dispatch;
mod endpoints;
mod events;
mod inbox;
mod inventory;
mod media;
mod outbox;
mod pending;
mod process;
mod projection;
mod purchases;
mod reading;
mod reports;
mod routing;
mod settings;
mod stock;
mod tasks;
mod wallets;
mod watermarks;

pub use accounts::{AccountBook, AccountWrite, BoundAccount};
pub use calls::{CallRecords, LegChange, LegStatus};
pub use directory::{Accounts, Candidates, Clients, Numbers, Whose};
pub use dispatch::{AttemptEnd, Dispatch};
pub use endpoints::{Agents, EndpointChange, Endpoints, SealContext, SecretBox};
pub use events::{Deliveries, EventLog, OverdueDeliveries, OverdueDelivery, TryEnd};
pub use inbox::{Inbox, Recorded, Unrouted};
pub use inventory::{Inventory, NumberChange};
pub use media::{ByteStream, MediaLinks, MediaRecords, MediaStore, PutError, StreamBroken};
pub use outbox::{Accepted, Bound, IdempotencyBinding, Intent, Outbox};
pub use pending::{Job, Pending, PendingKind, PendingMessage, Queue};
pub use process::{Clock, Page, PageRequest, Random, StoreError};
pub use projection::Projection;
pub use purchases::{Begun, BoundPurchase, Completed, Purchases};
pub use reading::{Conversations, Messages};
pub use reports::{Merged, Reports, StatusChange};
pub use routing::{AccountStates, Decisions};
pub use settings::{Consents, Templates};
pub use stock::{NumberStock, StockNumber};
pub use tasks::{Task, TaskKind, Tasks};
pub use wallets::{Deposited, Wallets};
pub use watermarks::{AccountList, Watermark, Watermarks, Window};
