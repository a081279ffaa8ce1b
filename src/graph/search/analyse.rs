//! From text to stems, by language.

use rust_stemmers::{Algorithm, Stemmer};

use crate::domain::text::Language;
use crate::domain::text::fold;

/// Words of English that say nothing by themselves; a question of them alone finds nothing.
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been", "before", "being", "between", "both", "but",
    "by", "can", "could", "did", "do", "does", "doing", "during", "each", "for", "from", "had", "has", "have", "having", "he", "her", "here", "hers", "him",
    "his", "how", "i", "if", "in", "into", "is", "it", "its", "itself", "just", "me", "more", "most", "my", "no", "nor", "not", "of", "on", "once", "only",
    "or", "other", "our", "ours", "out", "over", "own", "same", "she", "should", "so", "some", "such", "than", "that", "the", "their", "theirs", "them",
    "then", "there", "these", "they", "this", "those", "through", "to", "too", "until", "up", "very", "was", "we", "were", "what", "when", "where", "which",
    "while", "who", "whom", "whose", "why", "will", "with", "would", "you", "your", "yours",
];

/// Words in -ee that are not "one who is …ed".
const PLAIN_EE: &[&str] = &["guarantee", "committee", "disagree", "pedigree"];

/// Reads text of one language.
pub struct Analyser {
    language: Language,
    stemmer: Option<Stemmer>,
}

impl std::fmt::Debug for Analyser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Analyser({})", self.language)
    }
}

impl Analyser {
    /// The analyser of that language; one without a stemmer takes words as they stand.
    #[must_use]
    pub fn of(language: Language) -> Self {
        let algorithm = match language {
            Language::En => Some(Algorithm::English),
            Language::Ru => Some(Algorithm::Russian),
            Language::Tr => Some(Algorithm::Turkish),
            Language::Fr => Some(Algorithm::French),
            Language::De => Some(Algorithm::German),
            Language::Ar => Some(Algorithm::Arabic),
            Language::Fa | Language::Ur | Language::Ps | Language::Bn => None,
        };
        Self { language, stemmer: algorithm.map(Stemmer::create) }
    }

    /// The stems of a question, without stop words and without doubles.
    #[must_use]
    pub fn question(&self, text: &str) -> Vec<String> {
        let stop = |word: &str| self.language == Language::En && STOP_WORDS.contains(&word.to_lowercase().as_str());
        let mut stems: Vec<String> = words_of(text).filter(|w| !stop(w)).map(|w| self.stem(w)).collect();
        stems.sort_unstable();
        stems.dedup();
        stems
    }

    /// The stem of a word.
    #[must_use]
    pub fn stem(&self, word: &str) -> String {
        if is_number(word) {
            return word.to_owned();
        }
        let lower = word.to_lowercase();
        let root = if self.language == Language::En { root_of_ee(&lower) } else { &lower };
        let stem = self.stemmer.as_ref().map_or_else(|| root.to_owned(), |s| s.stem(root).into_owned());
        fold(&stem)
    }
}

/// Whether a word is its own stem in every language; nearly every text may have one of its own.
pub fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The words of a text, as they are written.
pub fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| if c.is_ascii() { !c.is_ascii_alphanumeric() } else { !c.is_alphanumeric() && !is_mark(c) }).filter(|word| !word.is_empty())
}

/// "returnees", "returnee" -> "return": the stemmer of English leaves these apart from the verb.
fn root_of_ee(word: &str) -> &str {
    let singular = word.strip_suffix('s').unwrap_or(word);
    match singular.strip_suffix("ee") {
        Some(root) if root.len() >= 5 && root.is_ascii() && !PLAIN_EE.contains(&singular) => root,
        _ => word,
    }
}

/// Marks that stand inside words of Arabic, Persian and Bengali script, and joiners.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}' | '\u{0610}'..='\u{061a}' | '\u{064b}'..='\u{065f}' | '\u{0981}'..='\u{0983}' | '\u{09bc}'..='\u{09cd}' | '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_returned_trained_or_employed() {
        let english = Analyser::of(Language::En);
        let same = |a: &str, b: &str| assert_eq!(english.question(a), english.question(b), "{a} / {b}");
        same("returnees", "return");
        same("returnee", "returning");
        same("Trainees", "training");
        same("employees", "employ");
        same("refugees", "refugee");
        same("committees", "committee");
        same("migrants", "migrant");
    }

    #[test]
    fn other_languages_have_their_own_stems() {
        assert_eq!(Analyser::of(Language::Ru).question("миграции"), Analyser::of(Language::Ru).question("миграция"));
        assert_eq!(Analyser::of(Language::Fa).question("مهاجرت"), ["مهاجرت"]);
    }
}
