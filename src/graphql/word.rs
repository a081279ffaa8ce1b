//! Closed lists of words of the domain as GraphQL enums: names and descriptions are taken from where they are defined.

use std::borrow::Cow;
use std::sync::LazyLock;

use async_graphql::parser::types::Field;
use async_graphql::registry::{EnumBuilder, MetaEnumValue, MetaTypeId, Registry};
use async_graphql::{ContextSelectionSet, InputType, InputValueError, InputValueResult, Name, OutputType, Positioned, ServerResult, Value};

use crate::domain::audience::AudienceLevel;
use crate::domain::contact::ContactFunction;
use crate::domain::contribution::{EventKind, GoodPracticeStatus, TaskKind, UserErrorCode};
use crate::domain::document::{DocumentKind, ProvisionKind};
use crate::domain::figure::{Measure, MeasureNature, ObservationStatus, Sex, ValueAvailability};
use crate::domain::flow::{FlowKind, FlowRole, FlowShape, TransportMode};
use crate::domain::group::{WorkingGroupKind, WorkingGroupRole};
use crate::domain::meeting::MeetingKind;
use crate::domain::party::{GoodPracticeRole, OrganisationKind, ParticipationStatus, Region};
use crate::domain::practice::{EvidenceLevel, TargetGroup};
use crate::domain::series::Interval;
use crate::domain::suggest::did_you_mean;
use crate::domain::text::Language;
use crate::domain::viewer::Role;
use crate::domain::word::{Words, words};
use crate::graph::figures::FigureDimension;

use super::figures::FigureOrderField;

words! {
    /// Which way a list runs.
    pub enum OrderDirection {
        /// From the first to the last: A to Z, oldest to newest.
        Asc = "ASC",
        /// From the last to the first: Z to A, newest to oldest.
        Desc = "DESC",
    }

    /// What states can be ordered by.
    pub enum StateOrderField {
        /// English name, as people sort it (Unicode collation).
        Name = "NAME",
        /// ISO 3166-1 alpha-3 code.
        Iso3 = "ISO3",
    }

    /// What organisations can be ordered by.
    pub enum OrganisationOrderField {
        /// English name, as people sort it (Unicode collation).
        Name = "NAME",
        /// The acronym that an organisation is known by.
        Code = "CODE",
    }

    /// What flows can be ordered by.
    pub enum FlowOrderField {
        /// The code that a flow is known by.
        Code = "CODE",
        /// English name, as people sort it (Unicode collation).
        Name = "NAME",
    }

    /// What figures can be ordered by.
    pub enum ObservationOrderField {
        /// The last day that the figure covers, then the first.
        Period = "PERIOD",
        /// The value; missing ones count as the smallest.
        Value = "VALUE",
    }

    /// What practices can be ordered by.
    pub enum GoodPracticeOrderField {
        /// How well the practice answers `filter.text`; only with `text`, without it as `PUBLISHED_AT`.
        Relevance = "RELEVANCE",
        /// When it was published here.
        PublishedAt = "PUBLISHED_AT",
        /// When it last changed.
        UpdatedAt = "UPDATED_AT",
        /// English title, as people sort it (Unicode collation).
        Title = "TITLE",
    }

    /// What meetings can be ordered by.
    pub enum MeetingOrderField {
        /// The first day; meetings of unknown date count as the earliest.
        StartsOn = "STARTS_ON",
    }
}

fn meta<T: Words + OutputType>(registry: &mut Registry) -> String {
    registry.create_output_type::<T, _>(MetaTypeId::Enum, |_| {
        let values = T::ALL.iter().map(|word| {
            let mut value = MetaEnumValue::new(word.name);
            value.description = Some(word.meaning.to_owned());
            (word.name.to_owned(), value)
        });
        EnumBuilder::new(T::NAME, values.collect()).description(Some(T::MEANING.to_owned())).rust_typename(std::any::type_name::<T>()).build()
    })
}

fn read<T: Words + InputType>(value: Option<Value>) -> InputValueResult<T> {
    let value = value.unwrap_or_default();
    let name = match &value {
        Value::Enum(name) => name.as_str(),
        Value::String(name) => name.as_str(),
        _ => return Err(InputValueError::expected_type(value)),
    };
    T::parse_word(name).ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        InputValueError::custom(format!("'{shown}' is no {}.{}", T::NAME, did_you_mean(&shown, T::ALL.iter().map(|w| w.name))))
    })
}

/// `Words::parse`, under a name that does not meet `InputType::parse`.
trait ParseWord: Words {
    fn parse_word(name: &str) -> Option<Self> {
        <Self as Words>::parse(name)
    }
}
impl<T: Words> ParseWord for T {}

/// Makes lists of words input and output types.
macro_rules! enums {
    ($($type:ty),+ $(,)?) => { $(
        impl InputType for $type {
            type RawValueType = Self;
            fn type_name() -> Cow<'static, str> { Cow::Borrowed(<Self as Words>::NAME) }
            fn create_type_info(registry: &mut Registry) -> String { meta::<Self>(registry) }
            fn parse(value: Option<Value>) -> InputValueResult<Self> { read(value) }
            fn to_value(&self) -> Value { value_of(*self) }
            fn as_raw_value(&self) -> Option<&Self> { Some(self) }
        }

        impl OutputType for $type {
            fn type_name() -> Cow<'static, str> { Cow::Borrowed(<Self as Words>::NAME) }
            fn create_type_info(registry: &mut Registry) -> String { meta::<Self>(registry) }
            async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> { Ok(value_of(*self)) }
        }

        impl Named for $type {
            fn names() -> &'static [(Self, Name)] {
                static NAMES: LazyLock<Vec<($type, Name)>> = LazyLock::new(|| <$type as Words>::ALL.iter().map(|w| (w.value, Name::new(w.name))).collect());
                &NAMES
            }
        }
    )+
        /// Every list with its words.
        static LISTS: &[(&str, fn() -> Vec<&'static str>)] =
            &[$((<$type as Words>::NAME, || <$type as Words>::ALL.iter().map(|word| word.name).collect())),+];
    };
}

/// " Did you mean …?" for a word that a list does not hold, by the name of the list.
pub fn near_word(list: &str, word: &str) -> String {
    LISTS.iter().find(|(name, _)| *name == list).map_or_else(String::new, |(_, words)| did_you_mean(word, words()))
}

/// Names made once: an enum in an answer then costs no allocation.
trait Named: Words {
    fn names() -> &'static [(Self, Name)];
}

fn value_of<T: Named>(word: T) -> Value {
    T::names().iter().find(|(value, _)| *value == word).map_or(Value::Null, |(_, name)| Value::Enum(name.clone()))
}

enums! {
    Language, Region, ParticipationStatus, OrganisationKind, GoodPracticeRole, WorkingGroupKind, WorkingGroupRole,
    DocumentKind, ProvisionKind, FlowShape, FlowKind, FlowRole, TransportMode, Measure, MeasureNature, Sex,
    ObservationStatus, ValueAvailability, TargetGroup, EvidenceLevel, MeetingKind, Role,
    OrderDirection, StateOrderField, OrganisationOrderField, FlowOrderField, ObservationOrderField,
    GoodPracticeOrderField, MeetingOrderField, FigureDimension, FigureOrderField, Interval,
    ContactFunction, AudienceLevel, GoodPracticeStatus, EventKind, TaskKind, UserErrorCode,
}
