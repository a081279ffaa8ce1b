//! Column blocks: all figures of one measure, edition, breakdown and period side by side, to be summed.
//!
//! A block is made from the series whenever they change, in the same transaction, and says nothing that they do not
//! say: who is counted where, how many, and whether the number is missing. Four columns stand one behind the other,
//! each of one width, in the order of origins and destinations: two bytes for a place, four for a value (eight where
//! one of the block's values is no small whole number), one for words, or none where all have the same. So a measure
//! of two million figures is read as some sixteen megabytes in as many pieces as it has periods.

use super::point::{Point, words, words_of};
use crate::graph::figures::{Block, BlockKind, Mark, Marks};

/// The form of the bytes; another number is another form.
const VERSION: u8 = 1;
/// Above the five bits of words: there is a value.
const HAS_VALUE: u8 = 0x20;

/// The number under which a kind is kept.
pub(super) const fn number_of(kind: BlockKind) -> i64 {
    match kind {
        BlockKind::Corridor => 0,
        BlockKind::Route => 1,
        BlockKind::State => 2,
    }
}

/// The kind of that number.
pub(super) const fn kind_of(number: i64) -> Option<BlockKind> {
    match number {
        0 => Some(BlockKind::Corridor),
        1 => Some(BlockKind::Route),
        2 => Some(BlockKind::State),
        _ => None,
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

fn mark_of(bits: u8) -> Option<Mark> {
    let (availability, status) = words_of(bits)?;
    Some(Mark { has_value: bits & HAS_VALUE != 0, availability, status })
}

/// Writes a block and, apart, the series that its figures belong to: sums do not read those.
pub(super) fn encode(kind: BlockKind, cells: &mut [Cell]) -> (Vec<u8>, Vec<u8>) {
    cells.sort_unstable_by_key(|cell| (cell.origin, cell.destination, cell.series));
    let first = cells.first().map_or(0, |cell| cell.mark);
    let same = cells.iter().all(|cell| cell.mark == first);
    let small = cells.iter().all(|cell| small(cell.value).is_some());
    let mut bytes = Vec::with_capacity(8 + cells.len() * 9);
    bytes.extend([VERSION, u8::from(small), u8::from(same), first]);
    bytes.extend(u32::try_from(cells.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(cells.iter().flat_map(|cell| cell.origin.to_le_bytes()));
    if kind == BlockKind::Corridor {
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
pub(in crate::store) fn decode(kind: BlockKind, bytes: &[u8]) -> Option<Block> {
    let (&[version, small, same, mark], rest) = bytes.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if version != VERSION {
        return None;
    }
    let (origins, rest) = rest.split_at_checked(2 * length)?;
    let (destinations, rest) = rest.split_at_checked(if kind == BlockKind::Corridor { 2 * length } else { 0 })?;
    let (values, marks) = rest.split_at_checked(if small == 1 { 4 } else { 8 } * length)?;
    let places = |bytes: &[u8]| bytes.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let values = if small == 1 {
        values.as_chunks().0.iter().map(|four| f64::from(u32::from_le_bytes(*four))).collect()
    } else {
        values.as_chunks().0.iter().map(|eight| f64::from_le_bytes(*eight)).collect()
    };
    let marks = match same {
        1 if marks.is_empty() => Marks::All(mark_of(mark)?),
        0 if marks.len() == length => Marks::Each(marks.iter().map(|mark| mark_of(*mark)).collect::<Option<_>>()?),
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
    use crate::domain::figure::{ObservationStatus, ValueAvailability};

    proptest! {
        #[test]
        fn cells_come_back_in_the_order_of_places(
            all in prop::collection::vec((any::<(u16, u16)>(), prop::option::of(prop_oneof![(0_u32..9).prop_map(f64::from), -1e9..1e9_f64]), any::<bool>()), 0..40),
            kind in prop::sample::select(vec![BlockKind::Corridor, BlockKind::Route, BlockKind::State]),
        ) {
            let mut cells: Vec<Cell> = (0..).zip(&all).map(|(series, ((origin, destination), value, settled))| {
                let point = Point {
                    period: Period::year(2020), value: *value, is_break: false, file: 1, line: 0, raw: Raw::None,
                    availability: if value.is_some() { ValueAvailability::Reported } else { ValueAvailability::Redacted },
                    status: if *settled { ObservationStatus::Final } else { ObservationStatus::Provisional },
                };
                Cell::of(*origin, if kind == BlockKind::Corridor { *destination } else { 0 }, series, &point)
            }).collect();
            let (bytes, series) = encode(kind, &mut cells);
            let block = decode(kind, &bytes).unwrap();
            prop_assert_eq!(decode_series(&series), cells.iter().map(|cell| cell.series).collect::<Vec<_>>());
            prop_assert_eq!(block.len(), cells.len());
            for (at, cell) in cells.iter().enumerate() {
                let ((origin, _), value, settled) = &all[cell.series as usize];
                prop_assert_eq!(block.origins[at], *origin);
                prop_assert_eq!(block.value(at), *value);
                prop_assert_eq!(block.mark(at).unwrap().status == ObservationStatus::Final, *settled);
            }
        }

        #[test]
        fn bytes_of_another_making_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode(BlockKind::Corridor, &bytes);
        }
    }
}
