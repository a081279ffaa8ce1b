//! What becomes what, in files of a few rows.

use super::*;

const POPULATION: &str = "year,coo_name,coo,coo_iso,coa_name,coa,coa_iso,refugees,asylum_seekers,returned_refugees,idps,returned_idps,stateless,ooc,oip,hst\n";

fn unhcr(rows: &str) -> Outcome {
    read(Publisher::Unhcr, format!("{POPULATION}{rows}").as_bytes())
}

#[test]
fn a_row_of_population_becomes_figures_of_the_corridor_and_its_returns() {
    let answer = unhcr("2020,Afghanistan,AFG,AFG,Austria,AUS,AUT,40000,5,3,0,0,0,0,NA,0\n");
    assert_eq!(answer.told(), "");
    assert_eq!(
        answer.lines(),
        [
            "AFG-AUT REFUGEES 2020-12-31 40000",
            "AFG-AUT ASYLUM_SEEKERS 2020-12-31 5",
            "AUT-AFG REFUGEE_RETURNS 2020-01-01..2020-12-31 3",
            "AFG-AUT OTHERS_OF_CONCERN 2020-12-31 0",
        ],
        "a reported zero is a figure; what a corridor cannot have and what was not counted are none"
    );
    assert_eq!(answer.checked.skipped.values().sum::<u64>(), 5);
    assert_eq!((answer.facts[0].line.unwrap_or_default(), answer.facts[0].raw_value.as_deref().unwrap_or_default()), (2, "40000"));
}

#[test]
fn a_states_own_figures_are_about_that_state() {
    let answer = unhcr("2020,A,AFG,AFG,A,AFG,AFG,0,0,0,1000,7,0,9,2,400\n2020,S,STA,XXA,A,AFG,AFG,3,0,0,0,0,50,0,NA,0\n");
    assert_eq!(answer.told(), "");
    for wanted in [
        "AFG IDPS 2020-12-31 1000",
        "AFG IDP_RETURNS 2020-01-01..2020-12-31 7",
        "AFG HOST_COMMUNITY 2020-12-31 400",
        "AFG OTHERS_OF_CONCERN 2020-12-31 9",
        "AFG OTHERS_IN_NEED 2020-12-31 2",
        "AFG STATELESS_PERSONS 2020-12-31 50",
        "STATELESS-AFG REFUGEES 2020-12-31 3",
        "STATELESS-AFG OTHERS_IN_NEED 2020-12-31 NOT_AVAILABLE",
    ] {
        assert!(answer.lines().iter().any(|line| line == wanted), "{wanted} is none of {:#?}", answer.lines());
    }
}

#[test]
fn unhcrs_code_aus_is_austria_and_two_codes_must_mean_the_same() {
    let own = "year,coo,coa,refugees,asylum_seekers\n2020,AFG,AUS,5,0\n2020,TIB,IND,7,0\n2020,UKN,GFR,1,1\n";
    assert_eq!(
        read(Publisher::Unhcr, own.as_bytes()).lines().iter().step_by(2).collect::<Vec<_>>(),
        ["AFG-AUT REFUGEES 2020-12-31 5", "TIB-IND REFUGEES 2020-12-31 7", "UNKNOWN-DEU REFUGEES 2020-12-31 1"]
    );
    let answer = unhcr("2020,Afghanistan,AFG,AFG,Australia,AUS,AUS,1,0,0,0,0,0,0,0,0\n");
    assert_eq!(answer.codes(), ["unknown_code"]);
    assert!(answer.told().contains("means AUS") && answer.told().contains("means AUT"), "{}", answer.told());
}

#[test]
fn every_fault_is_told_with_its_place() {
    let answer = unhcr("20x0,A,AFG,AFG,Z,ZZZ,ZZZ,-1,1.5,x,0,0,0,0,NA,0\n2020,A,AFG,AFG,G,GFR,DEU,1,0,0,0,0,0,0,NA,0\n2020,A,AFG,AFG,P,PAK,PAK,1e400,0\n");
    assert_eq!(answer.codes(), ["bad_period", "unknown_code", "negative_count", "not_an_integer", "not_a_number", "wrong_cell_count"]);
    let told = answer.told();
    for wanted in
        ["line 2 (row 1): year: bad_period", "line 2 (row 1): coa_iso: unknown_code: \"ZZZ\"", "line 2 (row 1): refugees: negative_count", "line 4 (row 3): "]
    {
        assert!(told.contains(wanted), "{wanted} is not in {told}");
    }
    assert_eq!((answer.checked.rows, answer.checked.faulty_rows), (3, 2));
    assert!(answer.lines().iter().all(|line| line.contains("DEU")), "the sound row can be taken: {:?}", answer.lines());
}

#[test]
fn two_rows_of_one_figure_are_told_with_both_lines_and_neither_is_taken() {
    let answer =
        unhcr("2020,A,AFG,AFG,G,GFR,DEU,1,0,0,0,0,0,0,NA,0\n2020,I,IRQ,IRQ,G,GFR,DEU,1,0,0,0,0,0,0,NA,0\n2020,A,AFG,AFG,G,GFR,DEU,2,0,0,0,0,0,0,NA,0\n");
    assert_eq!(answer.codes(), ["duplicate_key"]);
    assert!(answer.told().contains("Lines 2 and 4"), "{}", answer.told());
    assert!(answer.lines().iter().all(|line| line.contains("IRQ")), "{:?}", answer.lines());
}

#[test]
fn first_applications_of_persons_are_summed_and_every_row_stays_beside() {
    let rows = "year,coo,coo_iso,coa,coa_iso,procedure_type,app_type,dec_level,app_pc,applied\n\
        2020,AFG,AFG,GFR,DEU,G,N,FI,P,100\n2020,AFG,AFG,GFR,DEU,U,N,FI,P,20\n2020,AFG,AFG,GFR,DEU,G,R,FI,P,7\n2020,AFG,AFG,GFR,DEU,G,N,FI,C,3\n";
    let answer = read(Publisher::Unhcr, rows.as_bytes());
    assert_eq!(answer.told(), "");
    assert_eq!(answer.facts.len(), 5);
    assert_eq!(answer.lines()[4], "AFG-DEU ASYLUM_APPLICATIONS 2020-01-01..2020-12-31 120");
    assert_eq!((answer.facts[4].raw_value.as_deref().unwrap_or_default(), answer.facts[4].line.unwrap_or_default()), ("100 + 20", 2));
    assert_eq!(answer.lines()[2], "AFG-DEU ASYLUM_APPLICATIONS 2020-01-01..2020-12-31 7 app_pc=P app_type=R dec_level=FI procedure_type=G");
}

#[test]
fn marks_say_why_a_figure_is_missing() {
    let rows = "DATAFLOW,LAST UPDATE,freq,unit,citizen,sex,age,asyl_app,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n\
        ESTAT:MIGR_ASYAPPCTZA(1.0),11/06/26 23:00:00,A,PER,AF,T,TOTAL,NASY_APP,EL,2020,:,,\n\
        ESTAT:MIGR_ASYAPPCTZA(1.0),11/06/26 23:00:00,A,PER,AF,F,Y18-34,ASY_APP,UK,2020,,c,\n\
        ESTAT:MIGR_ASYAPPCTZA(1.0),11/06/26 23:00:00,A,PER,STLS,T,TOTAL,FRST,DE,2020-03,35,bp,\n\
        ESTAT:MIGR_ASYAPPCTZA(1.0),11/06/26 23:00:00,A,P_MHAB,AF,T,TOTAL,FRST,DE,2020,35,,\n\
        ESTAT:MIGR_ASYAPPCTZA(1.0),11/06/26 23:00:00,A,PER,EXT_EU27_2020,T,TOTAL,FRST,DE,2020,35,,\n";
    let answer = read(Publisher::Eurostat, rows.as_bytes());
    assert_eq!((answer.told().as_str(), answer.checked.edition.as_str()), ("", "2026-06-11"));
    assert_eq!(
        answer.lines(),
        [
            "AFG-GRC ASYLUM_APPLICATIONS 2020-01-01..2020-12-31 NOT_AVAILABLE",
            "AFG-GBR ASYLUM_APPLICATIONS 2020-01-01..2020-12-31 REDACTED FEMALE Y18-34 asyl_app=ASY_APP",
            "STATELESS-DEU ASYLUM_APPLICATIONS 2020-03-01..2020-03-31 35",
        ]
    );
    assert_eq!(answer.facts[2].availability.to_string(), "ROUNDED");
    assert_eq!((answer.facts[2].status.to_string().as_str(), answer.facts[2].is_break, answer.facts[1].is_break), ("PROVISIONAL", true, false));
    assert_eq!(answer.checked.skipped.len(), 2, "another unit, several citizenships");
    let finder = read(Publisher::Unhcr, b"Year,Country of origin (ISO),Country of asylum (ISO),Refugees,Asylum-seekers\n2020,AFG,DEU,*,-\n");
    assert_eq!(finder.lines(), ["AFG-DEU REFUGEES 2020-12-31 REDACTED", "AFG-DEU ASYLUM_SEEKERS 2020-12-31 NOT_AVAILABLE"]);
}

#[test]
fn our_plain_csv_says_one_figure_a_row() {
    let rows = "source,source_name,publisher,licence,edition,measure,origin,destination,state,route,period,value,status,availability,sex,dimension.border\n\
        MY-SOURCE,My figures,Me,CC BY 4.0,2024-05-01,DETECTIONS,,,,WEST-BALKAN,2023-06,40,PROVISIONAL,,FEMALE,LAND\n\
        MY-SOURCE,My figures,Me,CC BY 4.0,2024-05-01,REFUGEES,AFG,XKX,,,2023,,,REDACTED,,\n\
        MY-SOURCE,My figures,Me,CC BY 4.0,2024-05-01,REMITTANCES_PAID_USD,,,PAK,,2023,12.5,,,,\n";
    let answer = read(Publisher::Csv, rows.as_bytes());
    assert_eq!(answer.told(), "");
    assert_eq!(
        answer.lines(),
        [
            "WEST-BALKAN DETECTIONS 2023-06-01..2023-06-30 40 FEMALE border=LAND",
            "AFG-XKX REFUGEES 2023-12-31 REDACTED",
            "PAK REMITTANCES_PAID_USD 2023-01-01..2023-12-31 12.5",
        ]
    );
    assert_eq!((answer.checked.source.name.as_str(), answer.checked.edition.as_str()), ("My figures", "2024-05-01"));
    let wrong = read(
        Publisher::Csv,
        b"source,measure,origin,destination,state,period_start,period_end,value\nA,REFUGES,AFG,DEU,,2020,2020,1\nB,REFUGEES,AFG,DEU,,2020,2020,1\nA,REFUGEES,AFG,DEU,PAK,2020-12-31,2020-12-31,1\nA,DETECTIONS,,,PAK,2021,2020,1.5\n",
    );
    assert_eq!(wrong.codes(), ["unknown_code", "unknown_code", "bad_period", "unknown_code", "not_an_integer", "bad_period"], "{}", wrong.told());
    assert!(wrong.told().contains("Did you mean REFUGEES, "), "{}", wrong.told());
}
