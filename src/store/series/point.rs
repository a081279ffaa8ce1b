//! The points of a series as bytes: a few for each, in the order of their periods.
//!
//! A point takes some twelve bytes where a row of a table took six hundred. After the version there are, for each
//! point: a byte of words (availability, status, form of the value), a byte that says where the raw cell is, the
//! period as the distance from the one before, the value, the file, the line, and the raw cell where it is not the
//! value as it is usually written. Numbers are LEB128, seven bits a byte; values that are no whole numbers are
//! eight bytes as they stand, so that each comes back to the last bit.

use crate::domain::fact::Period;
use crate::domain::figure::{ObservationStatus, ValueAvailability};

/// The form of the bytes; another number is another form.
const VERSION: u8 = 1;

/// One figure of a series.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::store) struct Point {
    /// The days that it covers.
    pub period: Period,
    /// None where there is none.
    pub value: Option<f64>,
    /// Whether there is a value, and if not, why.
    pub availability: ValueAvailability,
    /// How settled it is.
    pub status: ObservationStatus,
    /// Whether the source counts in another way from here on.
    pub is_break: bool,
    /// The number of the file that it came in.
    pub file: u32,
    /// The line of the file; 0 where none is known.
    pub line: u32,
    /// The cell as it was written.
    pub raw: Raw,
}

/// The cell as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Raw {
    /// Not known.
    None,
    /// The value, as it is usually written.
    Usual,
    /// Anything else.
    Text(Box<str>),
}

impl Raw {
    /// Of a cell beside its value.
    pub fn of(cell: Option<String>, value: Option<f64>) -> Self {
        match (cell, value) {
            (None, _) => Self::None,
            (Some(cell), Some(value)) if cell == value.to_string() => Self::Usual,
            (Some(cell), _) => Self::Text(cell.into_boxed_str()),
        }
    }

    /// The cell.
    pub fn cell(&self, value: Option<f64>) -> Option<String> {
        match self {
            Self::None => None,
            Self::Usual => value.map(|value| value.to_string()),
            Self::Text(text) => Some(text.to_string()),
        }
    }
}

impl Point {
    /// Whether it says the same, whichever file said it.
    pub fn says(&self, other: &Self) -> bool {
        let words = |point: &Self| (point.availability, point.status, point.is_break, point.line);
        words(self) == words(other) && self.value.map(f64::to_bits) == other.value.map(f64::to_bits) && self.raw == other.raw
    }
}

/// The numbers under which these words are kept: their places here, for ever.
const AVAILABILITIES: [ValueAvailability; 6] = [
    ValueAvailability::Reported,
    ValueAvailability::Rounded,
    ValueAvailability::NotAvailable,
    ValueAvailability::NotApplicable,
    ValueAvailability::Redacted,
    ValueAvailability::Suppressed,
];
const STATUSES: [ObservationStatus; 3] = [ObservationStatus::Final, ObservationStatus::Provisional, ObservationStatus::Estimated];

/// Availability and status in five bits.
pub(super) fn words(availability: ValueAvailability, status: ObservationStatus) -> u8 {
    let place = |found: Option<usize>| found.and_then(|at| u8::try_from(at).ok()).unwrap_or(0);
    place(AVAILABILITIES.iter().position(|word| *word == availability)) | (place(STATUSES.iter().position(|word| *word == status)) << 3)
}

/// Availability and status of those bits.
pub(in crate::store) fn words_of(bits: u8) -> Option<(ValueAvailability, ObservationStatus)> {
    Some((*AVAILABILITIES.get(usize::from(bits & 7))?, *STATUSES.get(usize::from((bits >> 3) & 3))?))
}

/// Above the form of a value: the source counts in another way from here on. Earlier versions wrote 0 there.
const BREAK: u8 = 0x80;
/// Forms of a value, in two bits above the words.
const NO_VALUE: u8 = 0;
const WHOLE: u8 = 1;
const ANY: u8 = 2;

/// Whole numbers that are written the short way; beyond them not every whole number is one of a double.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// The value as a whole number without a sign, where it is one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn whole(value: f64) -> Option<u64> {
    (value.fract() == 0.0 && (0.0..LARGEST_WHOLE).contains(&value) && !(value == 0.0 && value.is_sign_negative())).then_some(value as u64)
}

/// Writes points, which stand in the order of their periods.
pub(in crate::store) fn encode(points: &[Point]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + 14 * points.len());
    bytes.push(VERSION);
    let mut last = 0;
    for point in points {
        let (form, short) = match point.value {
            None => (NO_VALUE, None),
            Some(value) => whole(value).map_or((ANY, None), |whole| (WHOLE, Some(whole))),
        };
        bytes.push(words(point.availability, point.status) | (form << 5) | if point.is_break { BREAK } else { 0 });
        bytes.push(match point.raw {
            Raw::None => 0,
            Raw::Usual => 1,
            Raw::Text(_) => 2,
        });
        number(&mut bytes, point.period.code().wrapping_sub(last));
        last = point.period.code();
        match (short, point.value) {
            (Some(whole), _) => number(&mut bytes, whole),
            (None, Some(value)) => bytes.extend(value.to_le_bytes()),
            (None, None) => {}
        }
        number(&mut bytes, u64::from(point.file));
        number(&mut bytes, u64::from(point.line));
        if let Raw::Text(text) = &point.raw {
            number(&mut bytes, text.len() as u64);
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

fn number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Reads points; none where the bytes are not what this program wrote.
pub(in crate::store) fn decode(bytes: &[u8]) -> Option<Vec<Point>> {
    let mut reader = Reader(bytes);
    if reader.byte()? != VERSION {
        return None;
    }
    let mut points = Vec::with_capacity(bytes.len() / 12);
    let mut last = 0_u64;
    while !reader.0.is_empty() {
        let (head, raw) = (reader.byte()?, reader.byte()?);
        let (availability, status) = words_of(head)?;
        last = last.wrapping_add(reader.number()?);
        let period = Period::from_code(last)?;
        let value = match (head & !BREAK) >> 5 {
            NO_VALUE => None,
            #[expect(clippy::cast_precision_loss, reason = "only whole numbers of a double are written so")]
            WHOLE => Some(reader.number()? as f64),
            ANY => Some(f64::from_le_bytes(reader.take(8)?.try_into().ok()?)),
            _ => return None,
        };
        let (file, line) = (u32::try_from(reader.number()?).ok()?, u32::try_from(reader.number()?).ok()?);
        let raw = match raw {
            0 => Raw::None,
            1 => Raw::Usual,
            2 => {
                let length = usize::try_from(reader.number()?).ok()?;
                Raw::Text(std::str::from_utf8(reader.take(length)?).ok()?.into())
            }
            _ => return None,
        };
        points.push(Point { period, value, availability, status, is_break: head & BREAK != 0, file, line, raw });
    }
    Some(points)
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::word::Words;

    fn points() -> impl Strategy<Value = Vec<Point>> {
        let value = prop::option::of(prop_oneof![any::<f64>().prop_filter("finite", |v| v.is_finite()), (0_u32..1000).prop_map(f64::from)]);
        let raw = prop_oneof![Just(Raw::None), Just(Raw::Usual), ".{0,9}".prop_map(|text| Raw::Text(text.into()))];
        let one = (1_i16..=9999, value, 0_usize..6, (0_usize..3, any::<bool>()), any::<(u32, u32)>(), raw);
        prop::collection::vec(one, 0..30).prop_map(|all| {
            let mut points: Vec<Point> = all
                .into_iter()
                .map(|(year, value, availability, (status, is_break), (file, line), raw)| Point {
                    period: Period::year(year),
                    value,
                    availability: AVAILABILITIES[availability],
                    status: STATUSES[status],
                    is_break,
                    file,
                    line,
                    raw,
                })
                .collect();
            points.sort_by_key(|point| point.period);
            points
        })
    }

    proptest! {
        #[test]
        fn points_come_back_as_they_were(points in points()) {
            let read = decode(&encode(&points)).unwrap();
            prop_assert_eq!(read.len(), points.len());
            for (one, other) in read.iter().zip(&points) {
                prop_assert!(one.says(other) && one.file == other.file && one.period == other.period);
            }
        }

        #[test]
        fn bytes_of_another_making_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn every_word_has_a_number() {
        for word in ValueAvailability::ALL {
            assert_eq!(words_of(words(word.value, ObservationStatus::Final)).unwrap().0, word.value);
        }
        for word in ObservationStatus::ALL {
            assert_eq!(words_of(words(ValueAvailability::Redacted, word.value)).unwrap(), (ValueAvailability::Redacted, word.value));
        }
    }

    #[test]
    fn a_cell_as_usual_costs_nothing() {
        assert_eq!(Raw::of(Some("17".into()), Some(17.0)), Raw::Usual);
        assert_eq!(Raw::of(Some("17.0".into()), Some(17.0)), Raw::Text("17.0".into()));
        assert_eq!(Raw::of(Some("*".into()), None).cell(None).as_deref(), Some("*"));
        assert_eq!(Raw::Usual.cell(Some(0.5)).as_deref(), Some("0.5"));
        assert_eq!(Raw::of(None, Some(1.0)).cell(Some(1.0)), None);
    }
}
