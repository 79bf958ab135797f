//! Who says a text: one voice for each language of the synthesis (OpenAPI, SpeakRequest, `language`
//! and `voice`: `AWS.Polly.<VoiceId>`; Amazon Polly, available voices, the standard ones).

/// The languages, each with its voice.
pub const VOICES: [(&str, &str); 29] = [
    ("en-US", "Joanna"),
    ("arb", "Zeina"),
    ("cmn-CN", "Zhiyu"),
    ("cy-GB", "Gwyneth"),
    ("da-DK", "Naja"),
    ("de-DE", "Vicki"),
    ("en-AU", "Nicole"),
    ("en-GB", "Amy"),
    ("en-GB-WLS", "Geraint"),
    ("en-IN", "Raveena"),
    ("es-ES", "Lucia"),
    ("es-MX", "Mia"),
    ("es-US", "Lupe"),
    ("fr-FR", "Lea"),
    ("fr-CA", "Chantal"),
    ("hi-IN", "Aditi"),
    ("is-IS", "Dora"),
    ("it-IT", "Carla"),
    ("ja-JP", "Mizuki"),
    ("ko-KR", "Seoyeon"),
    ("nb-NO", "Liv"),
    ("nl-NL", "Lotte"),
    ("pl-PL", "Ewa"),
    ("pt-BR", "Vitoria"),
    ("pt-PT", "Ines"),
    ("ro-RO", "Carmen"),
    ("ru-RU", "Tatyana"),
    ("sv-SE", "Astrid"),
    ("tr-TR", "Filiz"),
];

/// The language and the voice for a tag: its own, else one of the same language (`de-AT`: `de-DE`), else
/// American English. An accent is better than silence.
pub(crate) fn voice(tag: &str) -> (&'static str, String) {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let exact = VOICES.iter().find(|(language, _)| language.eq_ignore_ascii_case(tag));
    let near = || VOICES.iter().find(|(language, _)| primary(language) == primary(tag));
    let (language, voice) =
        exact.or_else(near).map_or(("en-US", "Joanna"), |(language, voice)| (language, voice));
    (language, format!("AWS.Polly.{voice}"))
}

#[cfg(test)]
mod tests {
    use super::voice;

    #[test]
    fn every_tag_has_a_voice() {
        for (tag, language, name) in [
            ("de-DE", "de-DE", "AWS.Polly.Vicki"),
            ("de-AT", "de-DE", "AWS.Polly.Vicki"),
            ("DE", "de-DE", "AWS.Polly.Vicki"),
            ("en", "en-US", "AWS.Polly.Joanna"),
            ("en-GB", "en-GB", "AWS.Polly.Amy"),
            ("tlh", "en-US", "AWS.Polly.Joanna"),
            ("", "en-US", "AWS.Polly.Joanna"),
        ] {
            assert_eq!(voice(tag), (language, name.to_owned()), "{tag}");
        }
    }
}
