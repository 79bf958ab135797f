//! Which request does what.

use http::Method;

use super::{
    applications, balance,
    calls::{commands, dial, recordings},
    detail_records, inventory, managed, messages, numbers, orders, profiles, sending,
};
use crate::json_api::Route;

macro_rules! route {
    ($method:ident $path:literal $operation:literal $handler:path) => {
        Route { method: Method::$method, path: $path, operation: $operation, handler: $handler }
    };
}

pub(crate) const ROUTES: &[Route] = &[
    route!(GET "v2/balance" "balance.fetch" balance),
    route!(POST "v2/messages" "messages.create" sending::create),
    route!(GET "v2/messages/{}" "messages.fetch" messages::fetch),
    route!(DELETE "v2/messages/{}" "messages.delete" messages::cancel),
    route!(GET "v2/detail_records" "detail_records.list" detail_records::list),
    route!(POST "v2/messaging_profiles" "profiles.create" profiles::create),
    route!(GET "v2/messaging_profiles" "profiles.list" profiles::list),
    route!(GET "v2/messaging_profiles/{}" "profiles.fetch" profiles::fetch),
    route!(PATCH "v2/messaging_profiles/{}" "profiles.update" profiles::update),
    route!(DELETE "v2/messaging_profiles/{}" "profiles.delete" profiles::delete),
    route!(GET "v2/phone_numbers" "numbers.list" numbers::list),
    route!(GET "v2/phone_numbers/{}" "numbers.fetch" numbers::fetch),
    route!(PATCH "v2/phone_numbers/{}" "numbers.update" numbers::update),
    route!(DELETE "v2/phone_numbers/{}" "numbers.release" numbers::release),
    route!(GET "v2/phone_numbers/{}/messaging" "numbers.fetch" numbers::messaging),
    route!(PATCH "v2/phone_numbers/{}/messaging" "numbers.update" numbers::update_messaging),
    route!(GET "v2/phone_numbers/{}/voice" "numbers.fetch" numbers::voice),
    route!(PATCH "v2/phone_numbers/{}/voice" "numbers.update" numbers::update_voice),
    route!(GET "v2/available_phone_numbers" "numbers.search" inventory::search),
    route!(POST "v2/number_orders" "orders.create" orders::create),
    route!(GET "v2/number_orders" "orders.list" orders::list),
    route!(GET "v2/number_orders/{}" "orders.fetch" orders::fetch),
    route!(POST "v2/call_control_applications" "applications.create" applications::create),
    route!(GET "v2/call_control_applications" "applications.list" applications::list),
    route!(GET "v2/call_control_applications/{}" "applications.fetch" applications::fetch),
    route!(PATCH "v2/call_control_applications/{}" "applications.update" applications::update),
    route!(DELETE "v2/call_control_applications/{}" "applications.delete" applications::delete),
    route!(POST "v2/calls" "calls.create" dial::create),
    route!(GET "v2/calls/{}" "calls.fetch" dial::fetch),
    route!(POST "v2/calls/{}/actions/{}" "calls.command" commands::run),
    route!(PUT "v2/calls/{}/actions/{}" "calls.command" commands::update_client_state),
    route!(GET "v2/recordings" "recordings.list" recordings::list),
    route!(GET "v2/recordings/{}" "recordings.fetch" recordings::fetch),
    route!(DELETE "v2/recordings/{}" "recordings.delete" recordings::delete),
    route!(POST "v2/managed_accounts" "accounts.create" managed::create),
    route!(GET "v2/managed_accounts" "accounts.list" managed::list),
    route!(GET "v2/managed_accounts/{}" "accounts.fetch" managed::fetch),
    route!(PATCH "v2/managed_accounts/{}" "accounts.update" managed::update),
    route!(POST "v2/managed_accounts/{}/actions/disable" "accounts.update" managed::disable),
    route!(POST "v2/managed_accounts/{}/actions/enable" "accounts.update" managed::enable),
];
