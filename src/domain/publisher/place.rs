//! Whose code is it: from a publisher's codes and names to the points of flows.
//!
//! Every publisher has its own: UNHCR's `AUS` is Austria, Eurostat's `EL` is Greece. The whole of ISO 3166 and M49
//! comes from the catalogue; what a publisher has beyond it stands in `codes/`, with the reason. A code that is in
//! neither is a fault, never a guess.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::fault::{FaultCode, quoted};
use super::number::Wrong;
use super::record::{Lines, Next, Record};
use crate::domain::suggest;

/// What a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A state, an area, or what statistics put in their place.
    Point(&'static str),
    /// Several together: the world, a region, the union.
    Aggregate,
}

/// A publisher's codes.
pub(super) struct Places {
    codes: HashMap<&'static str, Place>,
    what: &'static str,
}

/// Which column of the catalogue the codes are of.
#[derive(Clone, Copy)]
enum Known {
    Iso3,
    Iso2AndNames,
    M49,
    Nothing,
}

impl Places {
    fn new(what: &'static str, known: Known, own: &'static str) -> Self {
        let mut codes = HashMap::new();
        let mut add = |table: &'static str, column: fn(&[&'static str]) -> Option<&'static str>| {
            codes.extend(table_of(table).into_iter().filter_map(|row| Some((column(&row)?, Place::Point(row.first()?)))));
        };
        for table in [include_str!("../../../catalogue/states.csv"), include_str!("../../../catalogue/areas.csv")] {
            match known {
                Known::Iso3 => add(table, |row| row.first().copied()),
                Known::Iso2AndNames => {
                    add(table, |row| row.get(1).copied());
                    add(table, |row| row.get(3).copied());
                }
                Known::M49 => add(table, |row| row.get(2).map(|code| code.trim_start_matches('0'))),
                Known::Nothing => {}
            }
        }
        for row in table_of(own) {
            if let [code, point, ..] = row.as_slice() {
                codes.insert(code, if *point == "-" { Place::Aggregate } else { Place::Point(point) });
            }
        }
        Self { codes, what }
    }

    /// What the code stands for.
    pub fn find(&self, code: &str) -> Result<Place, Wrong> {
        let code = code.trim_matches([' ', '\t']);
        self.codes.get(code).copied().ok_or_else(|| {
            // Of M49, a zero ahead is often lost, and as often kept.
            let near = suggest::did_you_mean(code, self.codes.keys().copied());
            (FaultCode::UnknownCode, format!("{} is no {}.{near}", quoted(code), self.what))
        })
    }
}

/// The rows of a table of ours, cut into cells that live as long as the program.
fn table_of(text: &'static str) -> Vec<Vec<&'static str>> {
    let mut lines = Lines::new(text.as_bytes());
    let (mut record, mut rows) = (Record::default(), Vec::new());
    while let Ok(Next::Row) = lines.next(&mut record) {
        rows.push(record.cells().map(|cell| &*String::leak(cell.to_owned())).collect());
    }
    // The first names the columns.
    rows.drain(..1.min(rows.len()));
    rows
}

/// UNHCR's own codes.
pub(super) static UNHCR: LazyLock<Places> = LazyLock::new(|| Places::new("code of UNHCR's own", Known::Nothing, include_str!("codes/unhcr.csv")));
/// The ISO codes in UNHCR's files.
pub(super) static UNHCR_ISO: LazyLock<Places> =
    LazyLock::new(|| Places::new("code of ISO 3166 (alpha-3), nor one that UNHCR adds to it", Known::Iso3, include_str!("codes/unhcr_iso.csv")));
/// UN DESA's location codes.
pub(super) static UNDESA: LazyLock<Places> = LazyLock::new(|| Places::new("location code of M49 or of UN DESA", Known::M49, include_str!("codes/undesa.csv")));
/// Eurostat's codes and English labels.
pub(super) static EUROSTAT: LazyLock<Places> =
    LazyLock::new(|| Places::new("code or label of Eurostat", Known::Iso2AndNames, include_str!("codes/eurostat.csv")));
/// The World Bank's codes.
pub(super) static WORLD_BANK: LazyLock<Places> = LazyLock::new(|| Places::new("code of the World Bank", Known::Iso3, include_str!("codes/worldbank.csv")));
/// The codes of our own files: those of the catalogue, and of what statistics put in the place of a state.
pub(super) static OWN: LazyLock<Places> = LazyLock::new(|| {
    let mut places = Places::new("state, area or other end of a flow", Known::Iso3, "");
    places.codes.extend(crate::domain::flow::SPECIAL_POINTS.iter().map(|(code, _)| (*code, Place::Point(code))));
    places
});

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn point(places: &Places, code: &str) -> String {
        match places.find(code) {
            Ok(Place::Point(point)) => point.to_owned(),
            Ok(Place::Aggregate) => "aggregate".into(),
            Err((code, _)) => code.name().into(),
        }
    }

    #[test]
    fn each_publisher_means_its_own_by_a_code() {
        assert_eq!(point(&UNHCR, "AUS"), "AUT");
        assert_eq!(point(&UNHCR_ISO, "AUS"), "AUS");
        assert_eq!(point(&UNHCR, "ARE"), "EGY");
        assert_eq!(point(&UNHCR, "GFR"), "DEU");
        assert_eq!(point(&UNHCR, "TIB"), "TIB");
        assert_eq!(point(&UNHCR_ISO, "XXA"), "STATELESS");
        assert_eq!(point(&EUROSTAT, "EL"), "GRC");
        assert_eq!(point(&EUROSTAT, "UK"), "GBR");
        assert_eq!(point(&EUROSTAT, "XK"), "XKX");
        assert_eq!(point(&EUROSTAT, "Germany (until 1990 former territory of the FRG)"), "DEU");
        assert_eq!(point(&EUROSTAT, "EU27_2020"), "aggregate");
        assert_eq!(point(&UNDESA, "4"), "AFG");
        assert_eq!(point(&UNDESA, "900"), "aggregate");
        assert_eq!(point(&UNDESA, "830"), "CHI");
        assert_eq!(point(&WORLD_BANK, "WLD"), "aggregate");
        assert_eq!(point(&WORLD_BANK, "CHI"), "CHI");
        for (places, code) in [(&*UNHCR, "DEU"), (&*UNHCR_ISO, "GFR"), (&*EUROSTAT, "GR2"), (&*UNDESA, "9999"), (&*WORLD_BANK, "=A1"), (&*OWN, "")] {
            assert_eq!(point(places, code), "unknown_code", "{code}");
        }
    }

    #[test]
    fn every_point_is_one_that_flows_know() {
        let known: HashSet<&str> = OWN.codes.values().filter_map(|place| if let Place::Point(point) = place { Some(*point) } else { None }).collect();
        assert_eq!(known.len(), 195 + 54 + crate::domain::flow::SPECIAL_POINTS.len());
        for places in [&*UNHCR, &*UNHCR_ISO, &*UNDESA, &*EUROSTAT, &*WORLD_BANK] {
            for (code, place) in &places.codes {
                if let Place::Point(point) = place {
                    assert!(known.contains(point), "{code} leads to {point}, which is no point");
                }
            }
        }
    }
}
