//! Numbers and marks: what a cell with a figure may say, layout by layout.
//!
//! Nothing is parsed by half: a cell is a number as this layout writes numbers, or a mark that this layout knows, or
//! a fault. A mark is never zero.

use super::fault::{FaultCode, quoted};
use crate::domain::figure::ValueAvailability;

/// The largest number of which every smaller whole one is exact.
const MOST: f64 = 9_007_199_254_740_992.0;

/// How a layout writes figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    /// What stands where there is no figure, besides nothing at all.
    pub marks: &'static [(&'static str, ValueAvailability)],
    /// Thousands are parted by commas.
    pub thousands: bool,
    /// `1e+05` is a number.
    pub exponent: bool,
    /// Amounts have decimals; persons do not.
    pub decimals: bool,
}

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Figure {
    /// A number.
    Value(f64),
    /// None, and why.
    Missing(ValueAvailability),
}

/// What is wrong with a cell.
pub(super) type Wrong = (FaultCode, String);

impl Numbers {
    /// Reads a cell.
    pub fn read(&self, cell: &str) -> Result<Figure, Wrong> {
        let cell = cell.trim_matches([' ', '\t']);
        if cell.is_empty() {
            return Ok(Figure::Missing(ValueAvailability::NotAvailable));
        }
        if let Some((_, availability)) = self.marks.iter().find(|(mark, _)| *mark == cell) {
            return Ok(Figure::Missing(*availability));
        }
        let (negative, unsigned) = cell.strip_prefix('-').map_or((false, cell), |rest| (true, rest));
        let plain = if self.thousands { without_separators(unsigned) } else { None };
        let plain = plain.as_deref().unwrap_or(unsigned);
        let Some(has_exponent) = shape(plain) else { return Err((FaultCode::NotANumber, self.wanted(cell))) };
        if negative {
            return Err((FaultCode::NegativeCount, format!("{} is below zero: {}.", quoted(cell), self.right())));
        }
        let value: f64 = plain.parse().map_err(|_| (FaultCode::NotANumber, self.wanted(cell)))?;
        let vanished = value == 0.0 && plain.split(['e', 'E']).next().is_some_and(|digits| digits.bytes().any(|b| matches!(b, b'1'..=b'9')));
        if !value.is_finite() || value > MOST || vanished {
            return Err((FaultCode::NumberOutOfRange, format!("{} is beyond what is counted: at most {MOST:.0}.", quoted(cell))));
        }
        if has_exponent && !self.exponent {
            return Err((FaultCode::NotANumber, self.wanted(cell)));
        }
        if !self.decimals && value.fract() != 0.0 {
            return Err((FaultCode::NotAnInteger, format!("{} is no whole number: {}.", quoted(cell), self.right())));
        }
        Ok(Figure::Value(value))
    }

    fn wanted(&self, cell: &str) -> String {
        format!("{} is no number of this layout: {}.", quoted(cell), self.right())
    }

    /// What would be right, as the rest of a sentence.
    fn right(&self) -> String {
        let mut right = String::from(if self.decimals { "an amount from 0 with a point before decimals" } else { "a whole number from 0" });
        right.push_str(if self.thousands { ", in digits with commas between thousands" } else { ", in digits without separators" });
        if self.exponent {
            right.push_str(", or such as 1e+05");
        }
        let marks: Vec<_> = self.marks.iter().map(|(mark, _)| *mark).collect();
        if marks.is_empty() {
            right.push_str("; nothing where there is no figure");
        } else {
            right.push_str("; nothing or ");
            right.push_str(&marks.join(" "));
            right.push_str(" where there is no figure");
        }
        right
    }
}

/// Digits, perhaps a point and digits, perhaps an exponent; says whether there is one.
fn shape(text: &str) -> Option<bool> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let (whole, decimals) = mantissa.split_once('.').map_or((mantissa, None), |(whole, decimals)| (whole, Some(decimals)));
    let sound = digits(whole) && decimals.is_none_or(digits) && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    sound.then_some(exponent.is_some())
}

/// `1,234,567` as `1234567`; none where commas do not stand before every third digit.
fn without_separators(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let fits = |group: &str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    let sound = (1..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_digit()) && groups.clone().count() > 0 && groups.all(fits);
    sound.then(|| text.replace(',', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: Numbers = Numbers { marks: &[("-", ValueAvailability::NotAvailable)], thousands: false, exponent: false, decimals: false };

    fn code(numbers: Numbers, cell: &str) -> &'static str {
        numbers.read(cell).map_or_else(|(code, _)| code.name(), |_| "read")
    }

    #[test]
    fn a_cell_is_a_number_a_mark_or_a_fault_and_never_half_a_number() {
        assert_eq!(COUNTS.read(" 180000 "), Ok(Figure::Value(180_000.0)));
        assert_eq!(COUNTS.read("0"), Ok(Figure::Value(0.0)), "a reported zero is a figure");
        assert_eq!(COUNTS.read("12.0"), Ok(Figure::Value(12.0)));
        for missing in ["", "-", "  "] {
            assert_eq!(COUNTS.read(missing), Ok(Figure::Missing(ValueAvailability::NotAvailable)), "{missing:?}");
        }
        for (cell, wrong) in [
            ("-5", "negative_count"),
            ("-0", "negative_count"),
            ("12.5", "not_an_integer"),
            ("1e-3", "not_a_number"),
            ("1e+05", "not_a_number"),
            ("1e308", "number_out_of_range"),
            ("1e-400", "number_out_of_range"),
            ("9007199254740993", "read"),
            ("9007199254740994", "number_out_of_range"),
            ("1,234", "not_a_number"),
            ("1 234", "not_a_number"),
            ("+5", "not_a_number"),
            (".5", "not_a_number"),
            ("5.", "not_a_number"),
            ("0x10", "not_a_number"),
            ("inf", "not_a_number"),
            ("NaN", "not_a_number"),
            ("١٢٣٤", "not_a_number"),
            ("１２", "not_a_number"),
            ("5\u{a0}", "not_a_number"),
            ("*", "not_a_number"),
            ("--", "not_a_number"),
        ] {
            assert_eq!(code(COUNTS, cell), wrong, "{cell}");
        }
        assert_eq!(code(COUNTS, &"9".repeat(300)), "number_out_of_range");
    }

    #[test]
    fn separators_exponents_and_decimals_are_read_where_a_layout_declares_them() {
        let thousands = Numbers { thousands: true, ..COUNTS };
        assert_eq!(thousands.read("1,234,567"), Ok(Figure::Value(1_234_567.0)));
        assert_eq!(thousands.read("567"), Ok(Figure::Value(567.0)));
        for cell in ["1,23", "12,34,567", ",123", "1234,567", "1,234,"] {
            assert_eq!(code(thousands, cell), "not_a_number", "{cell}");
        }
        assert_eq!(Numbers { exponent: true, ..COUNTS }.read("1e+05"), Ok(Figure::Value(100_000.0)));
        assert_eq!(code(Numbers { exponent: true, ..COUNTS }, "1e-2"), "not_an_integer");
        assert_eq!(Numbers { decimals: true, ..COUNTS }.read("216603835.92"), Ok(Figure::Value(216_603_835.92)));
    }
}
