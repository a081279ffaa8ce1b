//! Closed lists of words: defined once, with the meaning of each word, and read by everything else.
//!
//! `words!` makes an enum whose values know their name in the API, in the catalogue and in the database
//! (one name for all three, `SCREAMING_SNAKE_CASE`) and what they mean. The GraphQL schema takes names and
//! descriptions from here, so that no list is written twice.

/// One word of a closed list: the value, its name, what it means.
pub struct Word<T: 'static> {
    /// The value.
    pub value: T,
    /// Its name in the API, the catalogue and the database.
    pub name: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// A closed list of words.
pub trait Words: Copy + Eq + Sized + Send + Sync + 'static {
    /// The name of the list, as the API calls the type.
    const NAME: &'static str;
    /// What the list is for.
    const MEANING: &'static str;
    /// Every word, in the order of its definition.
    const ALL: &'static [Word<Self>];

    /// The word's name.
    fn name(self) -> &'static str {
        Self::ALL.iter().find(|w| w.value == self).map_or("", |w| w.name)
    }

    /// The word of that name; exact, upper case.
    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|w| w.name == name).map(|w| w.value)
    }
}

/// Defines closed lists of words; see the module.
macro_rules! words {
    ($(
        $(#[doc = $doc:literal])+
        pub enum $list:ident { $( $(#[doc = $meaning:literal])+ $word:ident = $name:literal ),+ $(,)? }
    )+) => { $(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $list { $( $(#[doc = $meaning])+ #[serde(rename = $name)] $word ),+ }

        impl $crate::domain::word::Words for $list {
            const NAME: &'static str = stringify!($list);
            const MEANING: &'static str = concat!($($doc),+).trim_ascii();
            const ALL: &'static [$crate::domain::word::Word<Self>] = &[ $( $crate::domain::word::Word {
                value: $list::$word, name: $name, meaning: concat!($($meaning),+).trim_ascii(),
            } ),+ ];
        }

        impl std::fmt::Display for $list {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::domain::word::Words::name(*self))
            }
        }
    )+ };
}
pub(crate) use words;
