//! Which request does what.

use http::Method;

use super::{balance, detail_records, inventory, messages, numbers, orders, profiles, sending};
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
];
