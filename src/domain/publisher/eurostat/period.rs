//! Eurostat's periods: years, quarters and months; and the day of an update.

use jiff::civil::Date;

use super::super::fact::{bad_period, day, year_number};
use super::super::number::Wrong;

/// `2023`, `2023-Q1`, `2023Q1`, `2023-01` or `2023M01`.
pub(super) fn read(text: &str) -> Result<(Date, Date), Wrong> {
    const WANTED: &str = "2023, 2023-Q1 or 2023-01 is wanted";
    let text = text.trim();
    let wrong = || bad_period(text, WANTED);
    let Some((year, part)) = text.split_at_checked(4) else { return Err(wrong()) };
    let year = year_number(year).map_err(|_| wrong())?;
    let part = part.strip_prefix('-').unwrap_or(part);
    let number = |text: &str, most: i8| text.parse::<i8>().ok().filter(|n| text.bytes().all(|b| b.is_ascii_digit()) && (1..=most).contains(n));
    let (first, months) = if part.is_empty() && text.len() == 4 {
        (1, 12)
    } else if let Some(quarter) = part.strip_prefix('Q') {
        (number(quarter, 4).filter(|_| quarter.len() == 1).ok_or_else(wrong)? * 3 - 2, 3)
    } else {
        let month = part.strip_prefix('M').unwrap_or(part);
        (number(month, 12).filter(|_| month.len() == 2).ok_or_else(wrong)?, 1)
    };
    let start = day(year, first, 1)?;
    Ok((start, day(year, first + months - 1, 1)?.last_of_month()))
}

/// `11/06/26 23:00:00` or `21/07/2024`, day first.
pub(in super::super) fn day_of(text: &str) -> Option<Date> {
    let mut parts = text.trim().split([' ', 'T']).next()?.split('/');
    let (day, month, year) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
    let year: i16 = match year.len() {
        2 => 2000 + year.parse::<i16>().ok()?,
        4 => year.parse().ok()?,
        _ => return None,
    };
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_quarters_and_months_are_read_and_nothing_else() {
        let told = |text: &str| read(text).map_or_else(|(code, _)| code.name().to_owned(), |(start, end)| format!("{start}..{end}"));
        assert_eq!(told("2023"), "2023-01-01..2023-12-31");
        assert_eq!(told("2023-Q1"), "2023-01-01..2023-03-31");
        assert_eq!(told("2023Q4"), "2023-10-01..2023-12-31");
        assert_eq!(told("2024-02"), "2024-02-01..2024-02-29");
        assert_eq!(told("2024M12"), "2024-12-01..2024-12-31");
        for text in ["20x2", "", "2023-", "2023-13", "2023-Q5", "2023-1", "2023-01-01", "２０２３", "2023-W01", "202", "23"] {
            assert_eq!(told(text), "bad_period", "{text}");
        }
        assert_eq!(day_of("11/06/26 23:00:00").map(|day| day.to_string()).as_deref(), Some("2026-06-11"));
    }
}
