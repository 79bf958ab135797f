//! Revocations in plain words: what one clause of a sentence says.

use super::STOP;
use super::words::{
    CONTACT, CONTACTED, CONTACTING, FILLER, FOR_GOOD, GLUE, LISTS, ME, MESSAGES, MODAL, MY_PLACE, NEAR,
    NEGATION, OTHERS, STRONG, TAIL, WHICH,
};

/// What one clause says, the weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Finding {
    Nothing,
    Doubt,
    Revocation,
}

use Finding::{Doubt, Nothing, Revocation};

fn has(words: &[String], at: usize, class: &[&str]) -> bool {
    words.get(at).is_some_and(|word| class.contains(&word.as_str()))
}

fn skip(words: &[String], from: usize, class: &[&str]) -> usize {
    words.iter().skip(from).take_while(|word| class.contains(&word.as_str())).count() + from
}

fn trim<'a>(mut words: &'a [String], class: &[&str]) -> &'a [String] {
    while let Some((first, rest)) = words.split_first()
        && class.contains(&first.as_str())
    {
        words = rest;
    }
    while let Some((last, rest)) = words.split_last()
        && class.contains(&last.as_str())
    {
        words = rest;
    }
    words
}

/// `Stop calling, text me instead` is no revocation of texts: a human decides what it is.
pub(super) fn invites(clause: &[String]) -> bool {
    let core = trim(clause, &["please", "pls", "just", "instead", "you", "can"]);
    has(core, 0, &CONTACT) && has(core, 1, &["me", "us"])
}

/// Another sender's own opt-out line: `Reply STOP to end` is not the wish of a person.
pub(super) fn is_instruction(clause: &[String]) -> bool {
    (0..clause.len()).any(|at| {
        has(clause, at, &STOP)
            && has(clause, at + 1, &["to", "2"])
            && has(clause, at + 2, &["end", "opt", "optout", "quit", "cancel", "unsubscribe", "stop"])
    })
}

/// What a clause says.
pub(super) fn judge(clause: &[String]) -> Finding {
    let core = trim(clause, &FILLER);
    if !core.is_empty() && core.iter().all(|word| STRONG.contains(&word.as_str())) {
        return Revocation;
    }
    if core.len() == 1 && has(core, 0, &STOP) {
        return Doubt;
    }
    (0..clause.len()).map(|at| find(clause, at)).max().unwrap_or(Nothing)
}

fn find(clause: &[String], at: usize) -> Finding {
    let Some((before, words)) = clause.split_at_checked(at) else { return Nothing };
    let Some(first) = words.first() else { return Nothing };
    let negated = || {
        before
            .iter()
            .rev()
            .find(|word| !GLUE.contains(&word.as_str()))
            .is_some_and(|word| NEGATION.contains(&word.as_str()))
    };
    let found = match first.as_str() {
        "stop" | "quit" | "cease" | "discontinue" => stopping(before, words),
        "unsubscribe" | "optout" | "stopall" => Revocation,
        "unsubscribed" => Doubt,
        "opt" | "opting" if has(words, 1, &["out"]) || has(words, 2, &["out"]) => Revocation,
        "revoke" | "withdraw"
            if has(words, skip(words, 1, &["my", "all", "any"]), &["consent", "permission"]) =>
        {
            Revocation
        }
        "leave" if has(words, 1, &["me", "us"]) && has(words, 2, &["alone"]) => Revocation,
        "cancel" | "end" => ending(before, words),
        "remove" | "delete" | "erase" | "take" | "get" | "lose" => removing(words),
        "wrong" if has(words, 1, &["number", "person", "guy", "phone"]) => Doubt,
        "arrete" | "arretez" => Doubt,
        "go" if has(words, 1, &["away"]) => Doubt,
        "fuck" | "piss" if has(words, 1, &["off"]) => Doubt,
        "no" if has(words, 1, &["more"]) && has(words, 2, &MESSAGES) => Revocation,
        "no" if has(words, 1, &["longer"]) => return refusing(before, words, 2),
        word if NEGATION.contains(&word) => return refusing(before, words, 1),
        _ => Nothing,
    };
    match found {
        // `Why can't you stop texting me` negates the verb and means it all the same.
        Revocation if negated() && has(before, before.len().wrapping_sub(1), &["you", "u"]) => Doubt,
        found if found > Nothing && negated() => Nothing,
        found => found,
    }
}

/// `stop …`, `quit …`.
fn stopping(before: &[String], words: &[String]) -> Finding {
    let receiving = has(words, 1, &["receiving", "getting"]) && has(words, skip(words, 2, &WHICH), &MESSAGES);
    if receiving || has(words, skip(words, 1, &WHICH), &MESSAGES) {
        return Revocation;
    }
    let mut subject = before.iter().rev().skip_while(|word| MODAL.contains(&word.as_str()));
    let who = subject.next().map_or("", String::as_str);
    let asks_why = matches!(who, "you" | "u") && subject.next().is_some_and(|word| word == "did");
    if OTHERS.contains(&who) || asks_why {
        return Nothing;
    }
    if has(words, 1, &CONTACTING) {
        let mine = has(words, 2, &["my"]) && has(words, 3, &MY_PLACE);
        let all = words.len() == 2 || has(words, 2, &ME) || has(words, 2, &FOR_GOOD) || has(words, 2, &TAIL);
        let other = has(words, 2, &["you", "u"]);
        return if (all && !other) || mine {
            Revocation
        } else if has(words, 2, &["my"]) {
            Doubt
        } else {
            Nothing
        };
    }
    let imperative = before.len() <= NEAR && before.iter().all(|word| FILLER.contains(&word.as_str()));
    let gerund =
        words.get(1).is_some_and(|word| word.ends_with("ing") || matches!(word.as_str(), "it" | "this"));
    let said =
        has(before, before.len().wrapping_sub(1), &["said", "texted", "replied", "typed", "sent", "say"]);
    match words.len() {
        1 if said => Revocation,
        1 if matches!(who, "you" | "u" | "please" | "omg" | "this" | "texts" | "messages") => Doubt,
        _ if imperative && gerund => Doubt,
        _ => Nothing,
    }
}

/// `cancel …`, `end …`: of our messages, or of something that a human must look up.
fn ending(before: &[String], words: &[String]) -> Finding {
    if has(words, skip(words, 1, &WHICH), &MESSAGES) {
        return Revocation;
    }
    let first = before.len() <= NEAR
        && trim(before, &FILLER)
            .iter()
            .all(|word| MODAL.contains(&word.as_str()) || word == "i" || word == "we");
    let cancels = has(words, 0, &["cancel"]) || has(words, 1, &["it", "this", "these", "all"]);
    if first && cancels { Doubt } else { Nothing }
}

/// `remove me`, `take my number off your list`, `lose my number`.
fn removing(words: &[String]) -> Finding {
    let mine = has(words, 1, &["my"])
        && has(words, 2, &["number", "name", "info", "information", "contact", "phone"]);
    let object = if mine { 3 } else { 2 };
    if !mine && !has(words, 1, &["me", "us"]) {
        return Nothing;
    }
    let off = has(words, object, &["off", "from"])
        || (has(words, object, &["out"]) && has(words, object + 1, &["of"]));
    let listed = words.iter().skip(object).take(6).any(|word| LISTS.contains(&word.as_str()));
    let moves = has(words, 0, &["take", "get"]);
    match (off, words.len() == object || has(words, object, &TAIL)) {
        (true, _) if listed || words.len() == object + 1 => Revocation,
        (true, _) => Doubt,
        (false, true) if !moves && (mine || !has(words, 0, &["lose"])) => Revocation,
        (false, _) => Nothing,
    }
}

/// `do not contact me`, `don't want your texts`, `not interested`: `verb` is where the negation ends.
fn refusing(before: &[String], words: &[String], verb: usize) -> Finding {
    let at = skip(words, verb, &["ever", "please", "to", "again", "be"]);
    if has(words, at, &CONTACTED) && has(words, at.wrapping_sub(1), &["be"]) {
        return Revocation;
    }
    if has(words, at, &["interested"]) && (words.len() == at + 1 || has(words, at + 1, &TAIL)) {
        return Doubt;
    }
    if has(words, at, &["have", "give"])
        && words.iter().skip(at).take(4).any(|w| w == "permission" || w == "consent")
    {
        return Revocation;
    }
    if has(words, at, &["want", "wish", "need", "like", "care", "desire"]) {
        let to = skip(words, at + 1, &["to", "be", "receive", "get", "receiving", "getting", "you"]);
        let named = has(words, skip(words, to, &WHICH), &MESSAGES) || has(words, to, &CONTACTED);
        let heard = has(words, to, &["hear"]) && has(words, to + 1, &["from"]);
        let you = has(words, to.wrapping_sub(1), &["to"]) && has(words, to.wrapping_sub(2), &["you"]);
        return if named || heard || (you && has(words, to, &CONTACT)) { Revocation } else { Nothing };
    }
    // `You don't call me anymore` is a complaint of the opposite; `I asked you not to call me` is not.
    let with_do = has(words, 0, &["dont", "doesnt", "didnt"])
        || has(before, before.len().wrapping_sub(1), &["do", "did"]);
    let subject = before.iter().rev().find(|word| !matches!(word.as_str(), "do" | "did"));
    let told = subject
        .is_some_and(|word| OTHERS.contains(&word.as_str()) || matches!(word.as_str(), "you" | "u" | "why"));
    if !has(words, at, &CONTACT) || (with_do && told) {
        return Nothing;
    }
    let object = skip(words, at, &[&CONTACT[..], &["or", "and"]].concat());
    let mine = has(words, object, &["my"]) && has(words, object + 1, &MY_PLACE);
    if !mine && !has(words, object, &ME) {
        return Nothing;
    }
    let rest = object + if mine { 2 } else { 1 };
    let for_good = has(words, rest, &FOR_GOOD) || skip(words, rest, &TAIL) == words.len();
    let firm = !has(words, 0, &["cant", "cannot", "wont", "couldnt", "didnt", "havent"]);
    if for_good && firm { Revocation } else { Doubt }
}
