//! Whole official files, where they are there: sums that were made by other means.

#![expect(clippy::float_cmp, reason = "sums of whole numbers are exact")]

use super::*;
use crate::domain::figure::{Measure, ObservationStatus, Sex, Subject, ValueAvailability};

fn sum(facts: &[Fact], of: impl Fn(&Fact) -> bool) -> f64 {
    facts.iter().filter(|fact| of(fact)).filter_map(|fact| fact.value).sum()
}

fn is_total(fact: &Fact) -> bool {
    fact.breakdown.dimensions.is_empty() && fact.breakdown.sex.is_none() && fact.breakdown.age_group.is_none()
}

/// The same sum by a plain reading of the text: cells without quotation marks, parted by commas.
fn by_hand(text: &str, keep: impl Fn(&[&str]) -> bool, column: usize) -> f64 {
    let rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    rows.filter(|row| keep(row)).filter_map(|row| row.get(column).and_then(|cell| cell.parse::<f64>().ok())).sum()
}

#[test]
fn unhcr_population_adds_up_to_what_the_file_says() {
    let Some(bytes) = shared("unhcr/refugees-pkg/population.csv") else { return };
    let answer = read(Publisher::Unhcr, &bytes);
    assert_eq!(answer.told(), "");
    assert_eq!((answer.checked.rows, answer.checked.source.code.as_str(), answer.checked.edition.as_str()), (95_343, "UNHCR-RPS", "2025"));
    assert_eq!(answer.checked.sha256.get(..16), Some("9044cc0ce20dede3"));
    let text = String::from_utf8(bytes).expect("text");
    for (measure, column) in
        [(Measure::Refugees, -9), (Measure::AsylumSeekers, -8), (Measure::RefugeeReturns, -7), (Measure::Idps, -6), (Measure::IdpReturns, -5)]
            .into_iter()
            .chain([(Measure::StatelessPersons, -4), (Measure::OthersOfConcern, -3), (Measure::OthersInNeed, -2), (Measure::HostCommunity, -1)])
    {
        // From the right, as names on the left have commas in them.
        let hand: f64 = text.lines().filter_map(|line| line.rsplit(',').nth(usize::try_from(-column - 1).ok()?)?.parse::<f64>().ok()).sum();
        assert_eq!(sum(&answer.facts, |fact| fact.measure == measure), hand, "{measure}");
    }
    let lines = answer.lines();
    for wanted in ["UNKNOWN-AUT REFUGEES 1951-12-31 282000", "UNKNOWN-AUS REFUGEES 1951-12-31 180000"] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}");
    }
    assert!(answer.facts.iter().filter(|fact| fact.measure == Measure::Idps).all(|fact| matches!(fact.subject, Subject::State(_))));
    let missing: Vec<_> = answer.facts.iter().filter(|fact| fact.value.is_none()).map(|fact| (fact.measure, fact.period.end().year())).collect();
    assert!(!missing.is_empty() && missing.iter().all(|at| *at == (Measure::OthersInNeed, 2025)), "what was not counted yet is passed over");
}

#[test]
fn the_main_corridors_have_all_840_values() {
    let files = ["population.csv", "asylum_applications.csv"].map(|file| shared(&format!("unhcr/refugees-pkg/{file}")));
    let [Some(population), Some(applications)] = files else { return };
    let Some(expected) = shared("unhcr/expected-figures.csv") else { return };
    let mut known = std::collections::HashMap::new();
    for fact in [population, applications].iter().flat_map(|bytes| read(Publisher::Unhcr, bytes).facts) {
        if is_total(&fact) {
            known.insert((fact.subject, fact.measure, fact.period.start(), fact.period.end()), fact.value);
        }
    }
    let expected = read(Publisher::Csv, &expected);
    assert_eq!((expected.told().as_str(), expected.facts.len(), expected.checked.source.code.as_str()), ("", 840, "UNHCR-RPS"));
    for fact in expected.facts {
        let wanted = line(&fact);
        assert_eq!(known.get(&(fact.subject, fact.measure, fact.period.start(), fact.period.end())), Some(&fact.value), "{wanted}");
    }
}

#[test]
fn the_data_finder_is_read_past_its_preamble() {
    let Some(bytes) = shared("unhcr/datafinder-2024/population.csv") else { return };
    let answer = read(Publisher::Unhcr, &bytes);
    assert_eq!((answer.told().as_str(), answer.checked.rows, answer.checked.edition.as_str()), ("", 33_080, "2024-06-13"));
    let lines = answer.lines();
    for wanted in [
        "AFG IDPS 2015-12-31 1174306",
        "IRN-AFG REFUGEES 2015-12-31 30",
        "IRN-AFG OTHERS_IN_NEED 2015-12-31 NOT_AVAILABLE",
        "PAK-AFG REFUGEES 2015-12-31 257523",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}");
    }
    assert_eq!(answer.facts[0].line.unwrap_or_default(), 16, "the line of the file, past fourteen lines and the header");
}

#[test]
fn undesa_is_read_from_the_workbook_and_from_the_long_table() {
    let Some(bytes) = shared("undesa/undesa_pd_2020_ims_stock_by_sex_and_destination.xlsx") else { return };
    let answer = read(Publisher::Undesa, &bytes);
    assert_eq!((answer.told().as_str(), answer.checked.sheet.as_deref(), answer.checked.edition.as_str()), ("", Some("Table 1"), "2020"));
    let of = |sex: Option<Sex>, year: i16| sum(&answer.facts, |fact| fact.breakdown.sex == sex && fact.period.end().year() == year);
    // The row "World" of the same sheet.
    assert_eq!((of(None, 2020), of(None, 1990)), (280_598_105.0, 152_986_157.0));
    // Of some, the sheet has both sexes together alone.
    let unsplit: Vec<_> =
        answer.facts.iter().filter(|fact| fact.breakdown.sex == Some(Sex::Male) && fact.period.end().year() == 2020 && fact.value.is_none()).collect();
    assert!(!unsplit.is_empty() && unsplit.iter().all(|fact| fact.raw_value.as_deref() == Some("..")));
    let together = sum(&answer.facts, |fact| {
        fact.breakdown.sex.is_none() && fact.period.end().year() == 2020 && unsplit.iter().any(|other| other.subject == fact.subject)
    });
    assert_eq!(of(Some(Sex::Male), 2020) + of(Some(Sex::Female), 2020) + together, 280_598_105.0);
    assert!(answer.facts.iter().all(|fact| (fact.period.start().month(), fact.period.start().day()) == (7, 1) && fact.status == ObservationStatus::Estimated));
    assert!(answer.facts.iter().any(|fact| fact.subject == Subject::State("CHI".into())), "the Channel Islands together");

    let bytes = shared("undesa/migration_table1_countries_clean-2024.csv").expect("beside it");
    let answer = read(Publisher::Undesa, &bytes);
    assert_eq!((answer.told().as_str(), answer.facts.len(), answer.checked.edition.as_str()), ("", 2_047 * 24, "2024"));
    let lines = answer.lines();
    for wanted in ["KGZ-KAZ MIGRANT_STOCK 2024-07-01 100242", "KGZ-KAZ MIGRANT_STOCK 2024-07-01 37177 MALE", "KGZ-KAZ MIGRANT_STOCK 1990-07-01 49113 FEMALE"] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}");
    }
}

#[test]
fn eurostat_is_read_in_all_three_forms() {
    let Some(bytes) = shared("eurostat/data-explorer-2017/migr_asyappctza_allcitizenships.csv") else { return };
    let answer = read(Publisher::Eurostat, &bytes);
    assert_eq!((answer.told().as_str(), answer.checked.source.code.as_str(), answer.checked.edition.as_str()), ("", "ESTAT-ASYAPPCTZ", "2016"));
    assert!(answer.facts.iter().any(|fact| fact.subject == Subject::Corridor("STP".into(), "DEU".into())), "written in Windows-1252");
    assert!(answer.facts.iter().any(|fact| fact.subject == Subject::Corridor("XKX".into(), "DEU".into())), "Kosovo by itself");
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let hand: f64 = text
        .lines()
        .map(|line| line.split("\",\"").collect::<Vec<_>>())
        .filter(|row| {
            row.get(1).is_some_and(|geo| !geo.starts_with("European Union") && *geo != "Total") && row.get(2).is_some_and(|citizen| *citizen != "Total")
        })
        .filter_map(|row| row.get(7)?.replace(',', "").parse::<f64>().ok())
        .sum();
    assert_eq!(sum(&answer.facts, |fact| is_total(fact) && matches!(fact.subject, Subject::Corridor(..))), hand);
    assert!(hand > 1_000_000.0);

    let returned = read(Publisher::Eurostat, &shared("eurostat/data-explorer-2017/migr_eirtn_Data_allcitizens.csv").expect("beside it"));
    assert_eq!((returned.told().as_str(), returned.checked.source.code.as_str()), ("", "ESTAT-EIRTN"));
    assert!(returned.facts.iter().any(|fact| fact.subject == Subject::Corridor("DEU".into(), "STP".into())), "from where they are returned");
    assert!(returned.facts.iter().any(|fact| fact.availability == ValueAvailability::NotAvailable && fact.raw_value.as_deref() == Some(":")));

    let codes = read(Publisher::Eurostat, &shared("eurostat/sdmx-csv-2025/asylum_applicants_total.csv").expect("beside it"));
    assert_eq!((codes.told().as_str(), codes.facts.len()), ("", 1_080));
    let lines = codes.lines();
    assert!(lines.iter().any(|line| line == "AUT ASYLUM_APPLICATIONS 2008-01-01..2008-12-31 12750 asyl_app=ASY_APP"));
    assert_eq!(codes.facts[0].breakdown.dimensions[0].label, "Asylum applicant");
    let labels = read(Publisher::Eurostat, &shared("eurostat/sdmx-csv-2025/migrants_refused_entry_at_the_border.csv").expect("beside it"));
    assert_eq!((labels.told().as_str(), labels.facts.len()), ("", 317), "327 rows, ten of the union");
    assert!(labels.lines().iter().any(|line| line == "AUT REFUSALS_OF_ENTRY 2014-01-01..2014-12-31 455"));
    assert_eq!(labels.facts.iter().filter(|fact| fact.status == ObservationStatus::Estimated).count(), 1, "the other is of the union");
}

#[test]
fn the_world_bank_is_read_as_csv_and_as_workbook() {
    let Some(bytes) = shared("worldbank/API_BM.TRF.PWKR.CD.DT_DS2_en_csv_v2_3012027.csv") else { return };
    let paid = read(Publisher::Worldbank, &bytes);
    assert_eq!((paid.told().as_str(), paid.checked.source.code.as_str(), paid.checked.edition.as_str()), ("", "WB-WDI-PAID", "2021-09-15"));
    assert_eq!(paid.facts.len(), 61 * 61, "61 states and 61 years; what is empty is missing, not zero");
    assert!(paid.lines().iter().any(|line| line == "AFG REMITTANCES_PAID_USD 2020-01-01..2020-12-31 225420606.479917"));
    assert_eq!(paid.checked.skipped.values().sum::<u64>(), 2, "the world and the union");
    // In another order, the last digits of a sum of amounts differ.
    assert!((sum(&paid.facts, |_| true) - by_hand_quoted(&String::from_utf8(bytes).expect("text"))).abs() < 1.0);

    let received = read(Publisher::Worldbank, &shared("worldbank/personal-remittances-received.xls").expect("beside it"));
    assert_eq!((received.told().as_str(), received.checked.source.code.as_str(), received.checked.edition.as_str()), ("", "WB-WDI-RECEIVED", "2023-05-10"));
    let pakistan = received.facts.iter().find(|fact| fact.subject == Subject::State("PAK".into()) && fact.period.end().year() == 2021).expect("there");
    assert_eq!(pakistan.value, Some(31_312_000_000.0));
    assert!(received.facts.iter().any(|fact| fact.subject == Subject::State("XKX".into())));
}

fn by_hand_quoted(text: &str) -> f64 {
    let plain: String =
        text.lines().filter(|line| !line.contains("\"WLD\"") && !line.contains("\"EUU\"")).map(|line| line.replace("\",\"", "\t") + "\n").collect();
    let rows: String =
        plain.lines().filter(|line| line.contains("BM.TRF")).map(|line| line.trim_matches(['"', ',']).replace(',', " ").replace('\t', ",") + "\n").collect();
    (4..65).map(|column| by_hand(&rows, |_| true, column)).sum()
}

#[test]
fn unhcrs_own_codes_are_those_of_its_table_of_states() {
    let Some(bytes) = shared("reference/unhcr-countries.csv") else { return };
    let states: HashSet<&str> = include_str!("../../../../catalogue/states.csv").lines().filter_map(|line| line.split(',').next()).collect();
    let text = String::from_utf8(bytes).expect("text");
    let mut compared = 0;
    for [iso, own] in text.lines().skip(1).filter_map(|line| <[&str; 2]>::try_from(line.split(',').take(2).collect::<Vec<_>>()).ok()) {
        if !states.contains(iso) {
            continue;
        }
        let file = format!("year,coo,coa_iso,refugees\n2020,{own},PAK,1\n");
        let answer = read(Publisher::Unhcr, file.as_bytes());
        assert_eq!(answer.lines(), [format!("{iso}-PAK REFUGEES 2020-12-31 1")], "{own}: {}", answer.told());
        compared += 1;
    }
    assert!(compared > 190, "{compared}");
}
