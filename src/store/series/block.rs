//! Column blocks: all figures of one measure, edition, breakdown and period side by side, to be summed.
//!
//! A block is made from the series whenever they change, in the same transaction, and says nothing that they do not
//! say: who is counted where, how many, and whether the number is missing. Four columns stand one behind the other,
//! each of one width, in the order of origins and destinations: two bytes for a place, four for a value (eight where
//! one of the block's values is no small whole number), one for words, or none where all have the same. So a measure
//! of two million figures is read as some sixteen megabytes in as many pieces as it has periods.

use crate::domain::figure::{ObservationStatus, ValueAvailability};

use super::point::{Point, words, words_of};

/// The form of the bytes; another number is another form.
const VERSION: u8 = 1;
/// Above the five bits of words: there is a value.
const HAS_VALUE: u8 = 0x20;

/// What the figures of a block are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::store) enum Kind {
    /// Corridors: two places each.
    Corridor,
    /// Routes, by code.
    Route,
    /// States and areas as a whole.
    State,
}

impl Kind {
    /// The number under which it is kept.
    pub const fn number(self) -> i64 {
        match self {
            Self::Corridor => 0,
            Self::Route => 1,
            Self::State => 2,
        }
    }

    /// The kind of that number.
    pub const fn of(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Corridor),
            1 => Some(Self::Route),
            2 => Some(Self::State),
            _ => None,
        }
    }
}

/// One figure on its way into a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    pub origin: u16,
    pub destination: u16,
    pub series: u32,
    value: f64,
    mark: u8,
}

impl Cell {
    pub fn of(origin: u16, destination: u16, series: u32, point: &Point) -> Self {
        let has = if point.value.is_some() { HAS_VALUE } else { 0 };
        Self { origin, destination, series, value: point.value.unwrap_or(0.0), mark: words(point.availability, point.status) | has }
    }
}

/// A block in memory. Of what is no corridor, `destinations` is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::store) struct Block {
    /// Where they start, or what they are about.
    pub origins: Vec<u16>,
    /// Where they end.
    pub destinations: Vec<u16>,
    /// How many; 0 where there is no value, which `marks` tell.
    pub values: Vec<f64>,
    marks: Marks,
}

/// The words of a block's figures.
#[derive(Debug, Clone, PartialEq)]
enum Marks {
    /// All the same.
    All(u8),
    /// One each.
    Each(Vec<u8>),
}

impl Default for Marks {
    fn default() -> Self {
        Self::All(0)
    }
}

impl Block {
    /// How many figures it holds.
    pub const fn len(&self) -> usize {
        self.origins.len()
    }

    /// Bytes in memory, roughly.
    pub const fn weight(&self) -> usize {
        self.len() * 13
    }

    fn mark(&self, at: usize) -> u8 {
        match &self.marks {
            Marks::All(mark) => *mark,
            Marks::Each(marks) => marks.get(at).copied().unwrap_or(0),
        }
    }

    /// Whether every figure has a value.
    pub const fn is_whole(&self) -> bool {
        matches!(self.marks, Marks::All(mark) if mark & HAS_VALUE != 0)
    }

    /// The value of one figure; none where there is none.
    pub fn value(&self, at: usize) -> Option<f64> {
        if self.mark(at) & HAS_VALUE == 0 { None } else { self.values.get(at).copied() }
    }

    /// Availability and status of one figure.
    pub fn words(&self, at: usize) -> (ValueAvailability, ObservationStatus) {
        words_of(self.mark(at)).unwrap_or((ValueAvailability::NotAvailable, ObservationStatus::Final))
    }
}

/// Writes a block and, apart, the series that its figures belong to: sums do not read those.
pub(super) fn encode(kind: Kind, cells: &mut [Cell]) -> (Vec<u8>, Vec<u8>) {
    cells.sort_unstable_by_key(|cell| (cell.origin, cell.destination, cell.series));
    let first = cells.first().map_or(0, |cell| cell.mark);
    let same = cells.iter().all(|cell| cell.mark == first);
    let small = cells.iter().all(|cell| small(cell.value).is_some());
    let mut bytes = Vec::with_capacity(8 + cells.len() * 9);
    bytes.extend([VERSION, u8::from(small), u8::from(same), first]);
    bytes.extend(u32::try_from(cells.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(cells.iter().flat_map(|cell| cell.origin.to_le_bytes()));
    if kind == Kind::Corridor {
        bytes.extend(cells.iter().flat_map(|cell| cell.destination.to_le_bytes()));
    }
    if small {
        bytes.extend(cells.iter().flat_map(|cell| self::small(cell.value).unwrap_or(0).to_le_bytes()));
    } else {
        bytes.extend(cells.iter().flat_map(|cell| cell.value.to_le_bytes()));
    }
    if !same {
        bytes.extend(cells.iter().map(|cell| cell.mark));
    }
    (bytes, cells.iter().flat_map(|cell| cell.series.to_le_bytes()).collect())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn small(value: f64) -> Option<u32> {
    (value.fract() == 0.0 && (0.0..4_294_967_296.0).contains(&value)).then_some(value as u32)
}

/// Reads a block; none where the bytes are not what this program wrote.
pub(in crate::store) fn decode(kind: Kind, bytes: &[u8]) -> Option<Block> {
    let (&[version, small, same, mark], rest) = bytes.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if version != VERSION {
        return None;
    }
    let (origins, rest) = rest.split_at_checked(2 * length)?;
    let (destinations, rest) = rest.split_at_checked(if kind == Kind::Corridor { 2 * length } else { 0 })?;
    let (values, marks) = rest.split_at_checked(if small == 1 { 4 } else { 8 } * length)?;
    let places = |bytes: &[u8]| bytes.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let values = if small == 1 {
        values.as_chunks().0.iter().map(|four| f64::from(u32::from_le_bytes(*four))).collect()
    } else {
        values.as_chunks().0.iter().map(|eight| f64::from_le_bytes(*eight)).collect()
    };
    let marks = match same {
        1 if marks.is_empty() => Marks::All(mark),
        0 if marks.len() == length => Marks::Each(marks.to_vec()),
        _ => return None,
    };
    Some(Block { origins: places(origins), destinations: places(destinations), values, marks })
}

/// The series of a block's figures, in their order.
pub(in crate::store) fn decode_series(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::point::Raw;
    use super::*;
    use crate::domain::fact::Period;

    proptest! {
        #[test]
        fn cells_come_back_in_the_order_of_places(
            all in prop::collection::vec((any::<(u16, u16)>(), prop::option::of(prop_oneof![(0_u32..9).prop_map(f64::from), -1e9..1e9_f64]), any::<bool>()), 0..40),
            kind in prop::sample::select(vec![Kind::Corridor, Kind::Route, Kind::State]),
        ) {
            let mut cells: Vec<Cell> = (0..).zip(&all).map(|(series, ((origin, destination), value, settled))| {
                let point = Point {
                    period: Period::year(2020), value: *value, file: 1, line: 0, raw: Raw::None,
                    availability: if value.is_some() { ValueAvailability::Reported } else { ValueAvailability::Redacted },
                    status: if *settled { ObservationStatus::Final } else { ObservationStatus::Provisional },
                };
                Cell::of(*origin, if kind == Kind::Corridor { *destination } else { 0 }, series, &point)
            }).collect();
            let (bytes, series) = encode(kind, &mut cells);
            let block = decode(kind, &bytes).unwrap();
            prop_assert_eq!(decode_series(&series), cells.iter().map(|cell| cell.series).collect::<Vec<_>>());
            prop_assert_eq!(block.len(), cells.len());
            for (at, cell) in cells.iter().enumerate() {
                let ((origin, _), value, settled) = &all[cell.series as usize];
                prop_assert_eq!(block.origins[at], *origin);
                prop_assert_eq!(block.value(at), *value);
                prop_assert_eq!(block.words(at).1 == ObservationStatus::Final, *settled);
            }
        }

        #[test]
        fn bytes_of_another_making_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode(Kind::Corridor, &bytes);
        }
    }
}
