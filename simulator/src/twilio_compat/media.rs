//! The media of inbound messages.

use super::{Answer, errors::ApiError, message_json, paging::page, request::Incoming};
use crate::{
    app::Settings,
    media::{self, Media},
    model::Provider,
    state::State,
};

fn find<'a>(state: &'a State, incoming: &Incoming) -> Result<&'a Media, ApiError> {
    state
        .media
        .get(incoming.arg(1))
        .filter(|media| media.message_sid == incoming.arg(0) && media.account == incoming.account())
        .ok_or_else(|| ApiError::not_found(&incoming.uri_path))
}

pub(crate) fn list(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let message = state
        .messages
        .get(incoming.arg(0))
        .filter(|message| message.account == incoming.account())
        .ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    let media = message.media.iter().filter_map(|sid| state.media.get(sid));
    page(incoming, media, |media| &media.sid, message_json::media, "media_list")
}

pub(crate) fn show(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    find(state, incoming).map(|media| Answer::Json(200, message_json::media(media)))
}

pub(crate) fn delete(state: &mut State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let sid = find(state, incoming)?.sid.clone();
    state.media.remove(&sid);
    if let Some(message) = state.messages.get_mut(incoming.arg(0)) {
        message.media.retain(|media| *media != sid);
    }
    Ok(Answer::Empty)
}

/// SignalWire's media are public by unguessable URL, unless the project has "Media URL Protection".
pub(crate) fn is_public(state: &State, incoming: &Incoming) -> bool {
    incoming.provider == Provider::SignalWire
        && state.accounts.get(incoming.account()).is_some_and(|account| !account.media_protection)
}

pub(crate) fn fetch(state: &mut State, settings: &Settings, incoming: &Incoming) -> Result<Answer, ApiError> {
    let sid = find(state, incoming)?.sid.clone();
    if let Some(media) = state.media.get_mut(&sid)
        && media.not_ready > 0
    {
        // For a few seconds after the webhook (help article 44750147594523).
        media.not_ready -= 1;
        return Err(ApiError::not_found(&incoming.uri_path));
    }
    match incoming.provider {
        // 302 and 307 are both seen; the target is a signed URL at another host.
        Provider::Twilio => Ok(Answer::Redirect(media::cdn_url(state, &settings.cdn, &sid))),
        // Whether it redirects is not documented: the bytes come at once.
        _ => find(state, incoming).map(Answer::bytes),
    }
}
