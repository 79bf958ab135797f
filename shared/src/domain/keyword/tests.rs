//! The texts that people send.

use super::{Intent, classify};
use proptest::prelude::*;

const STOP: Intent = Intent::Stop { free_text: false };
const REVOCATION: Intent = Intent::Stop { free_text: true };

#[track_caller]
fn all(intent: Intent, texts: &[&str]) {
    for text in texts {
        assert_eq!(classify(text), intent, "{text:?}");
    }
}

#[test]
fn keywords_are_known_in_every_dress() {
    // The first seven are the words of 47 CFR 64.1200(a)(10).
    all(STOP, &["stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"]);
    all(
        STOP,
        &[
            "STOPALL",
            "Stop All",
            "OPTOUT",
            "Opt-Out",
            "ARRET",
            "arrêt",
            "arre\u{302}t",
            "\u{200b}stop\u{fe0f}",
        ],
    );
    all(
        STOP,
        &[
            " Stop. ",
            "STOP!!!",
            "\"stop\"",
            "“STOP”",
            "(end)",
            "ＳＴＯＰ",
            "S.T.O.P.",
            "stop 🛑",
            "\nstop\r\n",
        ],
    );
    all(Intent::Start, &["START", "unstop", "Start!"]);
    all(Intent::Help, &["HELP", "info", "help?", "AIDE"]);
    all(Intent::Ambiguous, &["yes", "Yes!", "ALTO", "¡Alto!"]);
    all(Intent::None, &["", " ", "👍", "...", "no", "Y tu?", "restart", "stopp", "infos please"]);
}

#[test]
fn plain_revocations_count() {
    all(REVOCATION, &["please stop texting me", "do not contact me again", "remove me from your list"]);
    all(
        REVOCATION,
        &["Stop please", "stop stop stop", "STOP. I sold the house", "I said stop", "Just stop, thanks"],
    );
    all(
        REVOCATION,
        &["Can you please stop sending me these messages?", "I need you to stop calling me", "stop texting"],
    );
    all(
        REVOCATION,
        &[
            "quit calling my phone",
            "CEASE contacting us",
            "Stop all messages",
            "I want to stop receiving texts",
        ],
    );
    all(
        REVOCATION,
        &["Don't text me", "don’t ever call me again", "Never contact me again.", "DO NOT TEXT OR CALL ME"],
    );
    all(
        REVOCATION,
        &[
            "I asked you not to text me",
            "Please do not call this number",
            "do not text me again or I'll report you",
        ],
    );
    all(
        REVOCATION,
        &[
            "I don't want these texts",
            "I no longer wish to receive messages",
            "I do not want to be contacted",
        ],
    );
    all(
        REVOCATION,
        &["I don't want to hear from you", "I don't want you to text me", "No more texts please"],
    );
    all(REVOCATION, &["unsubscribe me", "How do I unsubscribe?", "please opt me out", "I'd like to opt out"]);
    all(
        REVOCATION,
        &[
            "take me off this list",
            "Take my number off your list",
            "remove my number",
            "delete me",
            "lose my number",
        ],
    );
    all(
        REVOCATION,
        &[
            "I revoke my consent",
            "leave me alone",
            "You do not have my permission to text me",
            "cancel these texts",
        ],
    );
}

#[test]
fn what_may_be_a_revocation_is_for_a_human() {
    all(
        Intent::Ambiguous,
        &["wrong number", "You have the wrong person", "cancel my 3pm appointment", "please cancel"],
    );
    all(
        Intent::Ambiguous,
        &["I need to cancel", "Not interested", "I'm not interested, thanks", "go away", "will you stop"],
    );
    all(
        Intent::Ambiguous,
        &["don't call me before 9", "Stop calling me. Text me instead", "why can't you stop texting me"],
    );
    all(Intent::Ambiguous, &["STOP to opt out", "reply stop to end"]);
    all(
        Intent::Ambiguous,
        &["stop wasting my time", "stop it", "arrêtez de me texter", "stop calling my mother"],
    );
}

#[test]
fn idioms_and_the_opposite_are_nothing() {
    all(
        Intent::None,
        &["I can't stop thinking about the house", "the meeting will end at 5", "help me move the couch"],
    );
    all(
        Intent::None,
        &["don't stop texting me", "Please do not stop", "Don't ever stop messaging me!", "never stop"],
    );
    all(
        Intent::None,
        &["stop by the office tomorrow", "I'm at the bus stop", "I'll stop texting you", "he quit his job"],
    );
    all(
        Intent::None,
        &[
            "don't hesitate to call me",
            "Don't forget to text me",
            "You don't call me anymore",
            "I don't call them",
        ],
    );
    all(
        Intent::None,
        &["end of the day works", "at the end", "don't cancel my appointment", "I didn't unsubscribe"],
    );
    all(
        Intent::None,
        &["why did you stop texting me?", "don't remove me from your list", "I didn't get your message"],
    );
    all(
        Intent::None,
        &["Acme: thanks for writing. Reply STOP to unsubscribe", "Hi! Txt STOP 2 opt out. Msg rates apply"],
    );
    all(
        Intent::None,
        &[
            "Thanks for writing to Acme. Reply STOP to end.",
            "I quit smoking",
            "take me to the house",
            "text me",
        ],
    );
    all(
        Intent::None,
        &[
            "I don't want to get my hopes up",
            "start the car",
            "info about the house?",
            "don't leave me alone",
        ],
    );
}

#[test]
fn a_huge_text_takes_linear_time() {
    // A quadratic rule would look at 10^9 pairs and more here, for minutes.
    for unit in
        ["please ", "dont ever ", "stop the ", "dont text or ", "not to be ", "a", "take me off ", "u you "]
    {
        let _ = classify(&unit.repeat(120_000 / unit.len()));
    }
    for unit in ["stop the ", "cancel the ", "end it ", "dont text me ", "stop "] {
        let _ = classify(&format!("{}{}", "please ".repeat(20_000), unit.repeat(20_000)));
    }
}

proptest! {
    #[test]
    fn anything_is_classified(text in any::<String>()) {
        let _ = classify(&text);
    }

    #[test]
    fn case_and_surroundings_never_matter(
        word in prop::sample::select(super::STOP.to_vec()),
        upper in any::<u16>(),
        around in "[ .!?,\"'\n]{0,4}",
    ) {
        let mixed: String = word
            .chars()
            .enumerate()
            .map(|(i, c)| if (upper >> (i % 16)) & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        prop_assert_eq!(classify(&format!("{around}{mixed}{around}")), STOP);
    }
}
