//! Other editions: columns in another order, more of them, fewer of them; answers that are no table.

use super::*;

#[test]
fn columns_may_stand_in_any_order_and_a_preamble_may_have_any_length() {
    for preamble in ["", "Some words\n", "a,b,c\n\n\"x\",y\n\n\n"] {
        let text = format!("{preamble}refugees,coa_iso,year,coo_iso,asylum_seekers\n5,DEU,2020,AFG,1\n");
        let answer = read(Publisher::Unhcr, text.as_bytes());
        assert_eq!((answer.told().as_str(), answer.lines()[0].as_str()), ("", "AFG-DEU REFUGEES 2020-12-31 5"), "{preamble:?}");
        assert_eq!(answer.facts[0].line.unwrap_or_default() as usize, preamble.lines().count() + 2);
    }
}

#[test]
fn a_column_more_is_named_and_passed_over() {
    let answer = read(Publisher::Unhcr, b"year,coo_iso,coa_iso,refugees,asylum_seekers,climate\n2020,AFG,DEU,5,1,9\n");
    assert_eq!((answer.told().as_str(), answer.checked.unknown_columns.as_slice()), ("", ["climate".to_owned()].as_slice()));
    assert_eq!(answer.facts.len(), 2);
}

#[test]
fn a_new_dimension_of_eurostat_is_kept_and_makes_parts() {
    let answer = read(
        Publisher::Eurostat,
        b"DATAFLOW,LAST UPDATE,freq,unit,citizen,c_dest,geo,TIME_PERIOD,OBS_VALUE\nESTAT:MIGR_EIRTN1(1.0),,A,PER,AF,TK,DE,2024,5\nESTAT:MIGR_EIRTN1(1.0),,A,PER,AF,TOTAL,DE,2024,10\n",
    );
    assert_eq!(answer.told(), "");
    assert_eq!(answer.lines(), ["DEU-AFG RETURNS 2024-01-01..2024-12-31 5 c_dest=TK", "DEU-AFG RETURNS 2024-01-01..2024-12-31 10"]);
}

#[test]
fn a_column_fewer_is_refused_with_what_was_expected_and_what_was_found() {
    for (publisher, text, missing, unexpected) in [
        (Publisher::Unhcr, "year,coo_iso,refugees,asylum_seekers,hosts\n2020,AFG,5,1,2\n", "Country of asylum (ISO)", "hosts"),
        (Publisher::Undesa, "Location code,Kind,1990\n4,B,5\n", "Data type", "Kind"),
        (Publisher::Eurostat, "TIME,GEO,Nation,ASYL_APP,Value\n2012,Belgium,Turkey,First time applicant,5\n", "CITIZEN", "Nation"),
        (Publisher::Worldbank, "Country Name,Indicator Code,2020,Total\nPakistan,BX.TRF.PWKR.CD.DT,5,5\n", "Country Code", "Total"),
        (Publisher::Csv, "source,measure,origin,value,period,to\nA,REFUGEES,AFG,5,2020,DEU\n", "destination", "to"),
    ] {
        let answer = read(publisher, text.as_bytes());
        assert_eq!(answer.codes(), ["header_mismatch"], "{publisher}: {}", answer.told());
        assert!(answer.told().contains(missing) && answer.told().contains(unexpected), "{publisher}: {}", answer.told());
        assert!(!answer.checked.can_skip);
    }
}

#[test]
fn the_databank_writes_its_years_otherwise_and_a_footer_below() {
    let answer = read(
        Publisher::Worldbank,
        b"Country Name,Country Code,Series Name,Series Code,2019 [YR2019],2020 [YR2020]\nPakistan,PAK,x,BX.TRF.PWKR.CD.DT,2.5E+10,..\n\n\nData from database: World Development Indicators\nLast Updated: 06/28/2024\n",
    );
    assert_eq!(answer.told(), "");
    assert_eq!(
        answer.lines(),
        ["PAK REMITTANCES_RECEIVED_USD 2019-01-01..2019-12-31 25000000000", "PAK REMITTANCES_RECEIVED_USD 2020-01-01..2020-12-31 NOT_AVAILABLE"]
    );
}

#[test]
fn a_table_of_another_indicator_is_not_taken_for_this_one() {
    let answer = read(Publisher::Worldbank, b"Country Name,Country Code,Indicator Name,Indicator Code,2020\nPakistan,PAK,x,BX.TRF.PWKR.DT.GD.ZS,8.5\n");
    assert_eq!(answer.codes(), ["empty_file"], "{}", answer.told());
}

#[test]
fn what_is_no_table_is_refused() {
    for (bytes, code) in [
        (&b""[..], "empty_file"),
        (b"\n\n  \n", "empty_file"),
        (b"<!DOCTYPE html><html><body>Service unavailable</body></html>", "not_a_table"),
        (b"\xef\xbb\xbf  <html>", "not_a_table"),
        (b"{\"error\": 503}", "not_a_table"),
        (b"year;coo_iso;coa_iso;refugees;asylum_seekers\n2020;AFG;DEU;5;1\n", "header_mismatch"),
        (b"Y\0e\0a\0r\0", "not_utf8"),
        (b"PK\x03\x04 not a workbook", "not_a_table"),
    ] {
        for publisher in [Publisher::Unhcr, Publisher::Eurostat] {
            let answer = read(publisher, bytes);
            assert_eq!(answer.codes(), [code], "{bytes:?}: {}", answer.told());
            assert!(answer.facts.is_empty() && !answer.checked.can_skip);
        }
    }
}

#[test]
fn a_file_cut_in_the_middle_is_a_fault() {
    let answer = read(Publisher::Unhcr, b"year,coo_iso,coa_iso,refugees,asylum_seekers\n2020,AFG,DEU,5,1\n2020,AFG,PA");
    assert_eq!(answer.codes(), ["wrong_cell_count"], "{}", answer.told());
}
