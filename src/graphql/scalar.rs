//! Scalars of the API, and inputs that tell "left out" from "null".

use std::borrow::Cow;

use async_graphql::registry::Registry;
use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use jiff::Timestamp;

use crate::domain::date::PartialDate;

/// An ISO 8601 calendar date: 2016-05-03.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date(pub jiff::civil::Date);

/// ISO 8601 calendar date: 2016-05-03.
#[Scalar(name = "Date", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            // The shape is checked first: the parser would also take times, offsets and years of six digits.
            Value::String(text) if text.len() == 10 => match text.parse::<PartialDate>() {
                Ok(date) => Ok(Self(date.first_day())),
                Err(_) => Err(InputValueError::custom(format!("'{}' is no day of the calendar: write it as 2016-05-03.", shown(text)))),
            },
            Value::String(text) => Err(InputValueError::custom(format!("'{}' is no date: write it as 2016-05-03.", shown(text)))),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An instant, RFC 3339, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime(pub Timestamp);

/// Instant by RFC 3339, always in UTC: 2026-11-23T00:00:00.000Z.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                text.parse().map(Self).map_err(|_| InputValueError::custom(format!("'{}' is no instant: write it as 2026-11-23T08:30:00Z.", shown(text))))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(format!("{:.3}", self.0))
    }
}

/// ISO 8601 date of the precision that is known: 2016, 2016-05 or 2016-05-03.
#[Scalar(name = "PartialDate", specified_by_url = "https://www.loc.gov/standards/datetime/")]
impl ScalarType for PartialDate {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text.parse().map_err(|fault| InputValueError::custom(format!("'{}' is {fault}.", shown(text)))),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// A web address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url(pub String);

/// Web address by RFC 3986, `http` or `https`.
#[Scalar(name = "Url", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3986")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.starts_with("https://") || text.starts_with("http://") => Ok(Self(text)),
            Value::String(text) => Err(InputValueError::custom(format!("'{}' is no web address: begin it with https://.", shown(&text)))),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// The first sixty characters: what was wrong is named, not echoed at length.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

/// An input that may be left out but not be null: in a filter, null would have to mean "everything" or
/// "nothing", and someone would guess wrong. An empty list is a value like any other, and matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Given<T>(pub Option<T>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: InputType> InputType for Given<T> {
    type RawValueType = T::RawValueType;

    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::type_name().into_owned()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry);
        T::type_name().into_owned()
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value {
            None => Ok(Self(None)),
            Some(Value::Null) => Err(InputValueError::custom("null is no condition here: leave the field out to ask without it.")),
            Some(value) => T::parse(Some(value)).map(|value| Self(Some(value))).map_err(InputValueError::propagate),
        }
    }

    fn to_value(&self) -> Value {
        self.0.as_ref().map_or(Value::Null, InputType::to_value)
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        self.0.as_ref().and_then(InputType::as_raw_value)
    }
}
