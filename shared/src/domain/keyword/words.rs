//! The words that the rules of `sentence` are made of.

/// Those that mean nothing else even within a longer text.
pub(super) const STRONG: [&str; 7] =
    ["stop", "stopall", "unsubscribe", "optout", "revoke", "arret", "arreter"];
/// Politeness around a word.
pub(super) const FILLER: [&str; 22] = [
    "please",
    "pls",
    "plz",
    "kindly",
    "just",
    "thanks",
    "thank",
    "you",
    "thx",
    "ty",
    "ok",
    "okay",
    "hi",
    "hello",
    "hey",
    "sir",
    "immediately",
    "asap",
    "now",
    "again",
    "and",
    "text",
];
/// What turns a verb around.
pub(super) const NEGATION: [&str; 14] = [
    "not", "dont", "cant", "cannot", "wont", "never", "doesnt", "didnt", "couldnt", "shouldnt", "wouldnt",
    "havent", "aint", "without",
];
/// What may stand between a negation and its verb: `don't ever stop`, `not going to stop`.
pub(super) const GLUE: [&str; 16] = [
    "ever", "you", "u", "please", "just", "to", "going", "gonna", "want", "wanna", "need", "have", "even",
    "really", "dare", "be",
];
/// What may stand between a subject and its verb.
pub(super) const MODAL: [&str; 18] = [
    "to", "will", "would", "should", "must", "can", "could", "need", "needs", "have", "has", "please",
    "just", "really", "gotta", "gonna", "want", "wants",
];
/// Whoever stops when it is not the sender of our messages.
pub(super) const OTHERS: [&str; 16] = [
    "i", "ill", "id", "im", "we", "he", "hell", "she", "they", "theyll", "it", "him", "her", "them", "did",
    "people",
];
/// Ways to reach a person.
pub(super) const CONTACT: [&str; 16] = [
    "contact", "text", "txt", "message", "msg", "call", "email", "bother", "disturb", "write", "send",
    "solicit", "harass", "spam", "phone", "bug",
];
/// The same, under way.
pub(super) const CONTACTING: [&str; 18] = [
    "contacting",
    "texting",
    "txting",
    "messaging",
    "msging",
    "calling",
    "emailing",
    "bothering",
    "disturbing",
    "writing",
    "sending",
    "soliciting",
    "harassing",
    "spamming",
    "phoning",
    "bugging",
    "pestering",
    "annoying",
];
/// The same, suffered.
pub(super) const CONTACTED: [&str; 7] =
    ["contacted", "texted", "called", "messaged", "bothered", "emailed", "spammed"];
/// What we send.
pub(super) const MESSAGES: [&str; 15] = [
    "text",
    "texts",
    "message",
    "messages",
    "msg",
    "msgs",
    "txts",
    "sms",
    "call",
    "calls",
    "spam",
    "emails",
    "notifications",
    "communication",
    "communications",
];
/// What may stand before it.
pub(super) const WHICH: [&str; 13] = [
    "any", "these", "those", "this", "the", "your", "all", "more", "of", "further", "such", "stupid",
    "sending",
];
/// Objects of a refusal.
pub(super) const ME: [&str; 9] =
    ["me", "us", "this", "here", "any", "anything", "these", "messages", "texts"];
/// After `my`.
pub(super) const MY_PLACE: [&str; 8] = ["phone", "number", "cell", "house", "home", "line", "work", "job"];
/// An imperative has no more than this before it; a bound, so that no rule walks a long text twice.
pub(super) const NEAR: usize = 12;
/// What may follow a refusal without taking any of it back (unlike `… before nine`).
pub(super) const TAIL: [&str; 26] = [
    "please", "pls", "plz", "thanks", "thank", "you", "u", "back", "further", "at", "all", "for", "reason",
    "about", "this", "that", "number", "on", "more", "texts", "messages", "calls", "or", "any", "period",
    "in",
];
/// A refusal without limit.
pub(super) const FOR_GOOD: [&str; 4] = ["again", "anymore", "ever", "further"];
/// Where a person may be on file.
pub(super) const LISTS: [&str; 10] = [
    "list",
    "lists",
    "database",
    "system",
    "texts",
    "messages",
    "records",
    "file",
    "contacts",
    "distribution",
];
