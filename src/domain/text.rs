//! What is written for people to read: languages, names in several of them, citations.

use serde::{Deserialize, Serialize};

use super::word::words;

words! {
    /// A language of the partnership, by its ISO 639-1 code.
    pub enum Language {
        /// English (en: the language of the catalogue).
        En = "EN",
        /// Russian (ru, written in Cyrillic script).
        Ru = "RU",
        /// Turkish (tr, written in Latin script).
        Tr = "TR",
        /// French (fr, written in Latin script).
        Fr = "FR",
        /// German (de, written in Latin script).
        De = "DE",
        /// Persian (fa, written in Arabic script).
        Fa = "FA",
        /// Arabic (ar, written in Arabic script).
        Ar = "AR",
        /// Urdu (ur, written in Arabic script).
        Ur = "UR",
        /// Pashto (ps, written in Arabic script).
        Ps = "PS",
        /// Bengali (bn, written in Bengali script).
        Bn = "BN",
    }
}

/// A record with the wording, the place and the time that let a reader cite it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Citation {
    /// Who said it, where, and when.
    pub text: String,
    /// Where it can be read; `http` or `https`.
    pub url: Option<String>,
}

/// One thing said in one or several languages; never empty, the original first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Localized(Vec<(Language, String)>);

impl Localized {
    /// Said in English alone.
    #[must_use]
    pub fn english(text: impl Into<String>) -> Self {
        Self(vec![(Language::En, text.into())])
    }

    /// Said in the first language, and perhaps in others.
    #[must_use]
    pub fn new(original: (Language, String), others: impl IntoIterator<Item = (Language, String)>) -> Self {
        Self(std::iter::once(original).chain(others).collect())
    }

    /// In the language asked for, else in English, else in the language it was written in.
    #[must_use]
    pub fn get(&self, language: Language) -> &str {
        pick(&self.0, |(l, _)| *l, language).map_or("", |(_, text)| text)
    }

    /// Each language with its text.
    pub fn iter(&self) -> impl Iterator<Item = (Language, &str)> {
        self.0.iter().map(|(language, text)| (*language, text.as_str()))
    }
}

/// The rule of languages, for anything that comes in several: the one asked for, else English, else the first
/// (the language it was written in).
pub fn pick<T>(all: &[T], language_of: impl Fn(&T) -> Language, asked: Language) -> Option<&T> {
    all.iter().find(|t| language_of(t) == asked).or_else(|| all.iter().find(|t| language_of(t) == Language::En)).or_else(|| all.first())
}

/// Folds accents, case and width away: what two spellings of a word have in common.
#[must_use]
pub fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::is_combining_mark;
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'ı' => 'i',
            'ø' => 'o',
            'ł' => 'l',
            'đ' => 'd',
            'ə' => 'e',
            other => other,
        })
        .filter(|c| !is_combining_mark(*c))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asked_then_english_then_the_original() {
        let name = Localized::new((Language::Tr, "Göç".into()), [(Language::En, "Migration".into())]);
        assert_eq!(name.get(Language::Tr), "Göç");
        assert_eq!(name.get(Language::Bn), "Migration");
        let name = Localized::new((Language::Ru, "Миграция".into()), []);
        assert_eq!(name.get(Language::En), "Миграция");
    }

    #[test]
    fn accents_case_and_width_fold_away() {
        assert_eq!(fold("TÜRKİYE Kırklareli Łódź ｆｕｌｌ"), "turkiye kirklareli lodz full");
    }
}
