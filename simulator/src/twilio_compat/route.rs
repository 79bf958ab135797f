//! From method and path to the operation.

use http::Method;

use crate::model::Provider;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    MessagesCreate,
    MessagesList,
    MessagesFetch,
    MessagesUpdate,
    MessagesDelete,
    MediaList,
    /// Metadata.
    MediaShow,
    /// The bytes, or the way to them.
    MediaFetch,
    MediaDelete,
    CallsCreate,
    CallsList,
    CallsFetch,
    CallsUpdate,
    CallsDelete,
    RecordingsCreate,
    RecordingsList,
    RecordingsUpdate,
    /// Metadata.
    RecordingsShow,
    /// The audio.
    RecordingsFetch,
    RecordingsDelete,
    TranscriptionsFetch,
    NumbersCountries,
    NumbersCountry,
    NumbersSearch,
    NumbersBuy,
    NumbersList,
    NumbersFetch,
    NumbersUpdate,
    NumbersRelease,
    AccountsCreate,
    AccountsList,
    AccountsFetch,
    AccountsUpdate,
    TokensCreate,
    BalanceFetch,
    ServicesCreate,
    ServicesFetch,
    ServicesUpdate,
    RegionsFetch,
    RegionsUpdate,
}

impl Operation {
    /// As faults and journals call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MessagesCreate => "messages.create",
            Self::MessagesList => "messages.list",
            Self::MessagesFetch => "messages.fetch",
            Self::MessagesUpdate => "messages.update",
            Self::MessagesDelete => "messages.delete",
            Self::MediaList => "media.list",
            Self::MediaShow => "media.show",
            Self::MediaFetch => "media.fetch",
            Self::MediaDelete => "media.delete",
            Self::CallsCreate => "calls.create",
            Self::CallsList => "calls.list",
            Self::CallsFetch => "calls.fetch",
            Self::CallsUpdate => "calls.update",
            Self::CallsDelete => "calls.delete",
            Self::RecordingsCreate => "recordings.create",
            Self::RecordingsList => "recordings.list",
            Self::RecordingsUpdate => "recordings.update",
            Self::RecordingsShow => "recordings.show",
            Self::RecordingsFetch => "recordings.fetch",
            Self::RecordingsDelete => "recordings.delete",
            Self::TranscriptionsFetch => "transcriptions.fetch",
            Self::NumbersCountries => "numbers.countries",
            Self::NumbersCountry => "numbers.country",
            Self::NumbersSearch => "numbers.search",
            Self::NumbersBuy => "numbers.buy",
            Self::NumbersList => "numbers.list",
            Self::NumbersFetch => "numbers.fetch",
            Self::NumbersUpdate => "numbers.update",
            Self::NumbersRelease => "numbers.release",
            Self::AccountsCreate => "accounts.create",
            Self::AccountsList => "accounts.list",
            Self::AccountsFetch => "accounts.fetch",
            Self::AccountsUpdate => "accounts.update",
            Self::TokensCreate => "tokens.create",
            Self::BalanceFetch => "balance.fetch",
            Self::ServicesCreate => "services.create",
            Self::ServicesFetch => "services.fetch",
            Self::ServicesUpdate => "services.update",
            Self::RegionsFetch => "regions.fetch",
            Self::RegionsUpdate => "regions.update",
        }
    }
}

pub(crate) struct Route {
    pub(crate) operation: Operation,
    /// The account in the path.
    pub(crate) account: Option<String>,
    /// The other variable segments, in order.
    pub(crate) args: Vec<String>,
}

/// `segments`: the path below the API root, split, the last without `.json`.
pub(crate) fn find(provider: Provider, method: &Method, segments: &[&str], json: bool) -> Option<Route> {
    use Operation as O;
    let twilio = provider == Provider::Twilio;
    let (get, post, delete) = (*method == Method::GET, *method == Method::POST, *method == Method::DELETE);
    let (account, rest) = match segments {
        ["Accounts"] => (None, &[][..]),
        ["Accounts", account, rest @ ..] => (Some((*account).to_owned()), rest),
        _ if twilio => return product(method, segments),
        _ => return None,
    };
    let (operation, args): (Operation, &[&str]) = match (account.is_some(), rest) {
        (false, _) if post => (O::AccountsCreate, &[]),
        (false, _) if get => (O::AccountsList, &[]),
        (true, []) if get => (O::AccountsFetch, &[]),
        (true, []) if post => (O::AccountsUpdate, &[]),
        (true, ["Balance"]) if get && twilio => (O::BalanceFetch, &[]),
        (true, ["tokens"]) if post && !twilio => (O::TokensCreate, &[]),
        (true, ["Messages"]) if post => (O::MessagesCreate, &[]),
        (true, ["Messages"]) if get => (O::MessagesList, &[]),
        (true, ["Messages", sid @ ..]) if sid.len() == 1 && get => (O::MessagesFetch, sid),
        (true, ["Messages", sid @ ..]) if sid.len() == 1 && post => (O::MessagesUpdate, sid),
        (true, ["Messages", sid @ ..]) if sid.len() == 1 && delete => (O::MessagesDelete, sid),
        (true, ["Messages", _, "Media"]) if get => (O::MediaList, rest.get(1..2)?),
        (true, ["Messages", _, "Media", _]) => {
            let operation = match (get, delete, json) {
                (true, _, true) => O::MediaShow,
                (true, _, false) => O::MediaFetch,
                (_, true, _) => O::MediaDelete,
                _ => return None,
            };
            return Some(Route { operation, account, args: owned(&[rest.get(1)?, rest.get(3)?]) });
        }
        (true, ["Calls" | "Recordings" | "Transcriptions", below @ ..]) => {
            return voice(method, rest, below, json)
                .filter(|(operation, _)| json || !twilio || *operation == O::RecordingsFetch)
                .map(|(operation, args)| Route { operation, account, args });
        }
        (true, ["AvailablePhoneNumbers"]) if get => (O::NumbersCountries, &[]),
        (true, ["AvailablePhoneNumbers", args @ ..]) if args.len() == 1 && get => (O::NumbersCountry, args),
        (true, ["AvailablePhoneNumbers", args @ ..]) if args.len() == 2 && get => (O::NumbersSearch, args),
        // `/IncomingPhoneNumbers/{Local|TollFree|Mobile}` exists at Twilio only.
        (true, ["IncomingPhoneNumbers"]) if post => (O::NumbersBuy, &[]),
        (true, ["IncomingPhoneNumbers"]) if get => (O::NumbersList, &[]),
        (true, ["IncomingPhoneNumbers", args @ ("Local" | "TollFree" | "Mobile")])
            if twilio && (get || post) =>
        {
            let operation = if post { O::NumbersBuy } else { O::NumbersList };
            return Some(Route { operation, account, args: owned(&[args]) });
        }
        (true, ["IncomingPhoneNumbers", sid @ ..]) if sid.len() == 1 && get => (O::NumbersFetch, sid),
        (true, ["IncomingPhoneNumbers", sid @ ..]) if sid.len() == 1 && post => (O::NumbersUpdate, sid),
        (true, ["IncomingPhoneNumbers", sid @ ..]) if sid.len() == 1 && delete => (O::NumbersRelease, sid),
        _ => return None,
    };
    // Twilio answers XML to a path without `.json`, which no client of ours asks for.
    if twilio && !json {
        return None;
    }
    Some(Route { operation, account, args: owned(args) })
}

/// Calls and what they leave. A recording's path without `.json` is its audio.
fn voice(method: &Method, path: &[&str], below: &[&str], json: bool) -> Option<(Operation, Vec<String>)> {
    use Operation as O;
    let (get, post, delete) = (*method == Method::GET, *method == Method::POST, *method == Method::DELETE);
    let recording = match (get, delete) {
        (true, _) if json => Some(O::RecordingsShow),
        (true, _) => Some(O::RecordingsFetch),
        (_, true) => Some(O::RecordingsDelete),
        _ => None,
    };
    let (operation, args): (Operation, &[&str]) = match (*path.first()?, below) {
        ("Calls", []) if post => (O::CallsCreate, &[]),
        ("Calls", []) if get => (O::CallsList, &[]),
        ("Calls", sid @ [_]) if get => (O::CallsFetch, sid),
        ("Calls", sid @ [_]) if post => (O::CallsUpdate, sid),
        ("Calls", sid @ [_]) if delete => (O::CallsDelete, sid),
        ("Calls", [call, "Recordings"]) if post => (O::RecordingsCreate, &[*call]),
        ("Calls", [call, "Recordings"]) if get => (O::RecordingsList, &[*call]),
        ("Calls", [call, "Recordings", sid]) if post => (O::RecordingsUpdate, &[*call, *sid]),
        ("Calls", [call, "Recordings", sid]) => (recording?, &[*call, *sid]),
        ("Recordings", []) if get => (O::RecordingsList, &[]),
        ("Recordings", sid @ [_]) => (recording?, sid),
        ("Transcriptions", sid @ [_]) if get => (O::TranscriptionsFetch, sid),
        _ => return None,
    };
    Some((operation, owned(args)))
}

/// The products beside the 2010 API know no account in their paths and no ending.
fn product(method: &Method, segments: &[&str]) -> Option<Route> {
    use Operation as O;
    let (get, post) = (*method == Method::GET, *method == Method::POST);
    let (operation, args): (Operation, &[&str]) = match segments {
        ["v1", "Services"] if post => (O::ServicesCreate, &[]),
        ["v1", "Services", sid @ ..] if sid.len() == 1 && get => (O::ServicesFetch, sid),
        ["v1", "Services", sid @ ..] if sid.len() == 1 && post => (O::ServicesUpdate, sid),
        ["v2", "PhoneNumbers", number @ ..] if number.len() == 1 && get => (O::RegionsFetch, number),
        ["v2", "PhoneNumbers", number @ ..] if number.len() == 1 && post => (O::RegionsUpdate, number),
        _ => return None,
    };
    Some(Route { operation, account: None, args: owned(args) })
}

fn owned(args: &[&str]) -> Vec<String> {
    args.iter().map(|arg| (*arg).to_owned()).collect()
}
