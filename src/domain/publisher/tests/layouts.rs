//! The layouts that publishers have had over the years, in files of a few rows: each is read rightly, or refused with
//! what was expected and what was found.

use super::*;

/// Refused as a whole, in words that hold all of these.
fn refused(publisher: Publisher, text: &str, words: &[&str]) {
    let answer = read(publisher, text.as_bytes());
    assert_eq!(answer.codes(), ["header_mismatch"], "{text}: {}", answer.told());
    assert!(answer.facts.is_empty() && !answer.checked.can_skip);
    for word in words {
        assert!(answer.told().contains(word), "{word} is not in: {}", answer.told());
    }
}

fn taken(publisher: Publisher, text: &str) -> Outcome {
    let answer = read(publisher, text.as_bytes());
    assert_eq!(answer.told(), "", "{text}");
    assert!(!answer.facts.is_empty(), "{text}");
    answer
}

#[test]
fn unhcrs_api_with_numbers_of_states_and_its_data_finder() {
    let api = "year,coo_id,coo_name,coo,coo_iso,coa_id,coa_name,coa,coa_iso,refugees,asylum_seekers,returned_refugees,idps,returned_idps,stateless,ooc,oip,hst\n\
        2023,1,Afghanistan,AFG,AFG,76,Germany,GFR,DEU,255060,12000,0,0,0,0,0,NA,0\n\
        2023,1,Afghanistan,AFG,AFG,1,Afghanistan,AFG,AFG,0,0,0,3200000,120,0,7,NA,0\n";
    let lines = taken(Publisher::Unhcr, api).lines();
    for wanted in ["AFG-DEU REFUGEES 2023-12-31 255060", "AFG IDPS 2023-12-31 3200000"] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted} is none of {lines:#?}");
    }
    let finder = "Year,Country of origin,Country of origin (ISO),Country of asylum,Country of asylum (ISO),Refugees under UNHCR's mandate,Asylum-seekers,\
        IDPs of concern to UNHCR,Other people in need of international protection,Stateless persons,Host Community,Others of concern\n\
        2023,Afghanistan,AFG,Germany,DEU,255060,12000,0,0,0,0,0\n";
    assert!(taken(Publisher::Unhcr, finder).lines().contains(&"AFG-DEU ASYLUM_SEEKERS 2023-12-31 12000".to_owned()));
    let applications = "year,coo_id,coo_name,coo,coo_iso,coa_id,coa_name,coa,coa_iso,procedure_type,app_type,dec_level,app_pc,applied\n\
        2023,1,Afghanistan,AFG,AFG,76,Germany,GFR,DEU,G,N,FI,P,51275\n";
    assert!(taken(Publisher::Unhcr, applications).lines().contains(&"AFG-DEU ASYLUM_APPLICATIONS 2023-01-01..2023-12-31 51275".to_owned()));
}

#[test]
fn unhcrs_totals_over_all_states_are_no_corridor() {
    // What the API answers where it was not asked for each state.
    let text = "year,coo_id,coo_name,coo,coo_iso,coa_id,coa_name,coa,coa_iso,refugees,asylum_seekers\n2023,-,-,-,-,-,-,-,-,31637408,6858499\n";
    let answer = read(Publisher::Unhcr, text.as_bytes());
    assert_eq!(answer.codes(), ["unknown_code", "unknown_code"], "{}", answer.told());
}

#[test]
fn unhcrs_other_tables_are_not_taken_for_population() {
    // Population Statistics of the years before 2019, with names and no codes.
    refused(
        Publisher::Unhcr,
        "Extracted from the UNHCR Population Statistics Reference Database,,,,,,,,,\nDate extracted: 2017-06-19,,,,,,,,,\n,,,,,,,,,\n\
         Year,Country / territory of asylum/residence,Origin,Refugees (incl. refugee-like situations),Asylum-seekers (pending cases),Returned refugees,\
         Internally displaced persons (IDPs),Returned IDPs,Stateless persons,Others of concern\n2016,Germany,Afghanistan,46292,127012,*,,,,\n",
        &["Country of origin (ISO)", "Country of asylum (ISO)", "Origin"],
    );
    let ends = "year,coo_id,coo_name,coo,coo_iso,coa_id,coa_name,coa,coa_iso";
    let row = "2023,1,Afghanistan,AFG,AFG,76,Germany,GFR,DEU";
    for (columns, cells, found) in [
        ("returned_refugees,resettlement,naturalisation,returned_idps", "0,50,10,0", "resettlement"),
        ("procedure_type,dec_level,dec_pc,dec_recognized,dec_other,dec_rejected,dec_closed,dec_total", "G,FI,P,1,2,3,4,10", "dec_recognized"),
        ("pop_type,location,f_0_4,f_5_11,total", "REF,Berlin,1,2,3", "pop_type"),
        ("pop_type,refugees,asylum_seekers", "REF,3,0", "pop_type"),
        ("total", "3", "total"),
    ] {
        refused(Publisher::Unhcr, &format!("{ends},{columns}\n{row},{cells}\n"), &[found]);
    }
    refused(Publisher::Unhcr, "year,month,coo_iso,coa_iso,refugees,asylum_seekers\n2023,6,AFG,DEU,1,2\n", &["month", "one row for a year"]);
}

/// The total stock of migrants as of the revisions of 2015, 2017 and 2019: names of columns over two rows.
fn undesa(revision: &str, place: &str, code: &str) -> String {
    let blank = ",,,,,,,,,,";
    let sexes = ["both sexes", "male", "female"].map(|sex| format!("International migrant stock at mid-year ({sex}),"));
    format!(
        "United Nations{blank}\nPopulation Division{blank}\n\"Trends in International Migrant Stock: The {revision} revision\"{blank}\n{blank}\n\
         POP/DB/MIG/Stock/Rev.{revision}{blank}\n{blank}\n\"Sort\norder\",\"{place}\",Notes,{code},\"Type of data (a)\",{}\n,,,,,1990,2015,1990,2015,1990,2015\n\
         1,WORLD,,900,,152542373,247585744,77658042,128092463,74884331,119493281\n\
         9,Turkey,,792,C,1163686,4346197,583000,2194000,580686,2152197\n10,Afghanistan,(1),4,B R,57686,..,32558,..,25128,..\n",
        sexes.join(",")
    )
}

#[test]
fn undesas_totals_of_2015_2017_and_2019() {
    for (revision, place, code) in [
        ("2015", "Major area, region, country or area of destination", "Country code"),
        ("2017", "Major area, region, country or area of destination", "Country code"),
        ("2019", "Region, subregion, country or area", "Code"),
    ] {
        let answer = taken(Publisher::Undesa, &undesa(revision, place, code));
        assert_eq!((answer.checked.source.code.as_str(), answer.checked.edition.as_str()), ("UNDESA-IMS-TOTAL", revision));
        let lines = answer.lines();
        for wanted in ["TUR MIGRANT_STOCK 2015-07-01 4346197", "TUR MIGRANT_STOCK 2015-07-01 2194000 MALE", "AFG MIGRANT_STOCK 2015-07-01 NOT_AVAILABLE FEMALE"]
        {
            assert!(lines.iter().any(|line| line == wanted), "{wanted} is none of {lines:#?}");
        }
        assert_eq!(answer.facts.len(), 2 * 6, "the world is passed over");
    }
    // The share of the population stands in a table of the same form.
    let shares = undesa("2017", "Major area, region, country or area of destination", "Country code")
        .replace("International migrant stock at mid-year", "International migrant stock as a percentage of the total population");
    refused(Publisher::Undesa, &shares, &["something else than migrants at mid-year"]);
}

#[test]
fn undesas_origins_in_columns_are_refused_and_in_rows_are_read() {
    refused(
        Publisher::Undesa,
        "United Nations,,,,,,,,\nPOP/DB/MIG/Stock/Rev.2019,,,,,,,,\n\
         Year,Sort order,\"Major area, region, country or area of destination\",Notes,Code,Type of data (a),Country of origin,,\n,,,,,,Total,Afghanistan,Pakistan\n\
         2019,9,Turkey,,792,C,5876829,200000,10\n",
        &["One column a year is wanted", "years stand in rows"],
    );
    let answer = taken(
        Publisher::Undesa,
        "United Nations,,,,,,,,\nInternational Migrant Stock 2024: Destination and origin,,,,,,,,\nPOP/DB/MIG/Stock/Rev.2024,,,,,,,,\n\
         ,,,,,,,International migrant stock at mid-year (both sexes combined),\n\
         Index,\"Region, development group, country or area of destination\",Coverage,Data type,Location code of destination,\
         \"Region, development group, country or area of origin\",Location code of origin,1990,2024\n\
         1,WORLD,,,900,WORLD,900,153916710,304021813\n2,Türkiye*,,C I R,792,Afghanistan,4,100,200000\n",
    );
    assert_eq!((answer.checked.source.code.as_str(), answer.checked.edition.as_str()), ("UNDESA-IMS", "2024"));
    assert_eq!(answer.lines(), ["AFG-TUR MIGRANT_STOCK 1990-07-01 100", "AFG-TUR MIGRANT_STOCK 2024-07-01 200000"]);
}

/// The same figures, as each sort of labels has them.
const APPLICANTS: [&str; 5] = [
    // Linear CSV (SDMX-CSV 1.0), codes.
    "DATAFLOW,LAST UPDATE,freq,citizen,sex,unit,age,asyl_app,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n\
     ESTAT:MIGR_ASYAPPCTZA(1.0),12/06/25 23:00:00,A,AF,F,PER,TOTAL,FRST,EL,2023,120,p,\n\
     ESTAT:MIGR_ASYAPPCTZA(1.0),12/06/25 23:00:00,A,AF,T,PER,TOTAL,ASY_APP,EL,2023,300,,\n",
    // The same with names in the place of codes.
    "DATAFLOW,LAST UPDATE,freq,citizen,sex,unit,age,asyl_app,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n\
     ESTAT:MIGR_ASYAPPCTZA(1.0),12/06/25 23:00:00,Annual,Afghanistan,Females,Person,Total,First-time applicant,Greece,2023,120,provisional,\n\
     ESTAT:MIGR_ASYAPPCTZA(1.0),12/06/25 23:00:00,Annual,Afghanistan,Total,Person,Total,Asylum applicant,Greece,2023,300,,\n",
    // The same with both in one cell.
    "DATAFLOW,LAST UPDATE,freq: Time frequency,citizen: Country of citizenship,sex: Sex,unit: Unit of measure,age: Age class,asyl_app: Applicant type,\
     geo: Geopolitical entity (reporting),TIME_PERIOD: Time,OBS_VALUE: Observation value,OBS_FLAG: Observation status (Flag),CONF_STATUS: Confidentiality status (flag)\n\
     \"ESTAT:MIGR_ASYAPPCTZA(1.0): Asylum applicants by type, citizenship, age and sex: annual\",12/06/25 23:00:00,A: Annual,AF: Afghanistan,F: Females,PER: Person,\
     TOTAL: Total,FRST: First-time applicant,EL: Greece,2023,120,p: provisional,\n\
     \"ESTAT:MIGR_ASYAPPCTZA(1.0): Asylum applicants by type, citizenship, age and sex: annual\",12/06/25 23:00:00,A: Annual,AF: Afghanistan,T: Total,PER: Person,\
     TOTAL: Total,ASY_APP: Asylum applicant,EL: Greece,2023,300,,\n",
    // SDMX-CSV 2.0, codes.
    "STRUCTURE,STRUCTURE_ID,ACTION,freq,citizen,sex,unit,age,asyl_app,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n\
     dataflow,ESTAT:MIGR_ASYAPPCTZA(1.0),I,A,AF,F,PER,TOTAL,FRST,EL,2023,120,p,\n\
     dataflow,ESTAT:MIGR_ASYAPPCTZA(1.0),I,A,AF,T,PER,TOTAL,ASY_APP,EL,2023,300,,\n",
    // SDMX-CSV 2.0, names beside the codes.
    "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,freq,Time frequency,citizen,Country of citizenship,sex,Sex,unit,Unit of measure,age,Age class,asyl_app,Applicant type,\
     geo,Geopolitical entity (reporting),TIME_PERIOD,Time,OBS_VALUE,Observation value,OBS_FLAG,Observation status (Flag) V2 structure\n\
     dataflow,ESTAT:MIGR_ASYAPPCTZA(1.0),\"Asylum applicants by type, citizenship\",A,Annual,AF,Afghanistan,F,Females,PER,Person,TOTAL,Total,FRST,First-time applicant,\
     EL,Greece,2023,,120,,p,provisional\n\
     dataflow,ESTAT:MIGR_ASYAPPCTZA(1.0),\"Asylum applicants by type, citizenship\",A,Annual,AF,Afghanistan,T,Total,PER,Person,TOTAL,Total,ASY_APP,Asylum applicant,\
     EL,Greece,2023,,300,,,\n",
];

#[test]
fn eurostats_linear_files_say_the_same_with_codes_names_or_both() {
    for (n, text) in APPLICANTS.iter().enumerate() {
        let answer = taken(Publisher::Eurostat, text);
        assert_eq!(answer.checked.source.code, "ESTAT-ASYAPPCTZ");
        let first = &answer.lines()[0];
        assert_eq!(first, "AFG-GRC ASYLUM_APPLICATIONS 2023-01-01..2023-12-31 120 FEMALE", "{n}");
        assert_eq!(answer.facts[0].status.to_string(), "PROVISIONAL", "{n}");
        let [all] = answer.facts[1].breakdown.dimensions.as_slice() else { panic!("{n}: {:?}", answer.facts[1]) };
        // Of names alone, the code is not known.
        assert_eq!((all.dimension.as_str(), all.code.as_str()), ("asyl_app", if n == 1 { "Asylum applicant" } else { "ASY_APP" }), "{n}");
        assert_eq!(all.label, if n == 0 || n == 3 { "ASY_APP" } else { "Asylum applicant" }, "{n}");
        assert_eq!(answer.checked.edition, if n < 3 { "2025-06-12" } else { "2023" }, "{n}");
        assert_eq!(answer.checked.unknown_columns, if n == 3 { vec!["ACTION".to_owned()] } else { Vec::new() }, "{n}");
    }
}

#[test]
fn eurostats_applicants_under_their_other_name_are_told_apart_as_well() {
    let text = "DATAFLOW,LAST UPDATE,freq,unit,citizen,sex,applicant,age,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\n\
        ESTAT:MIGR_ASYAPPCTZM(1.0),12/06/25 23:00:00,M,PER,AF,T,FRST,TOTAL,DE,2025-03,2035,\n\
        ESTAT:MIGR_ASYAPPCTZM(1.0),12/06/25 23:00:00,M,PER,AF,T,TOTAL,TOTAL,DE,2025-03,3350,\n";
    assert_eq!(
        taken(Publisher::Eurostat, text).lines(),
        ["AFG-DEU ASYLUM_APPLICATIONS 2025-03-01..2025-03-31 2035", "AFG-DEU ASYLUM_APPLICATIONS 2025-03-01..2025-03-31 3350 applicant=TOTAL"],
        "first applications are the total"
    );
}

#[test]
fn eurostats_tsv_and_tables_of_something_else_are_refused() {
    let tsv = "freq,citizen,sex,unit,age,asyl_app,geo\\TIME_PERIOD\t2022 \t2023 \nA,AF,T,PER,TOTAL,FRST,DE\t36360 \t51275 p\n";
    refused(Publisher::Eurostat, tsv, &["TSV", "SDMX-CSV", "DATAFLOW"]);
    refused(Publisher::Eurostat, &tsv.replace("TIME_PERIOD", "time").replace("freq,", ""), &["TSV"]);
    let population = "DATAFLOW,LAST UPDATE,freq,unit,age,sex,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\nESTAT:DEMO_PJAN(1.0),,A,NR,TOTAL,T,DE,2023,84358845,\n";
    refused(Publisher::Eurostat, population, &["Missing: \"citizen\""]);
    let decisions = "DATAFLOW,LAST UPDATE,freq,citizen,geo,TIME_PERIOD,OBS_VALUE\nESTAT:MIGR_ASYDCFSTA(1.0),,A,AF,DE,2023,5\n";
    let answer = read(Publisher::Eurostat, decisions.as_bytes());
    assert_eq!(answer.codes(), ["unknown_code"], "{}", answer.told());
    assert!(answer.told().contains("MIGR_ASYAPPCTZ"), "what is taken is told: {}", answer.told());
}

/// A download of one indicator, with its preamble and the comma behind the last year.
fn indicator(code: &str, rows: &str) -> String {
    format!(
        "\u{feff}\"Data Source\",\"World Development Indicators\",\n\n\"Last Updated Date\",\"2026-07-01\",\n\n\
         \"Country Name\",\"Country Code\",\"Indicator Name\",\"Indicator Code\",\"2023\",\"2024\",\"2025\",\n{}",
        rows.replace("CODE", code)
    )
}

#[test]
fn the_world_banks_newer_downloads_and_its_bulk_file() {
    let rows = "\"Africa Eastern and Southern\",\"AFE\",\"Personal remittances, received (current US$)\",\"CODE\",\"1.5\",\"\",\"\",\n\
        \"Middle East, North Africa, Afghanistan & Pakistan\",\"MEA\",\"Personal remittances, received (current US$)\",\"CODE\",\"1.5\",\"\",\"\",\n\
        \"Pakistan\",\"PAK\",\"Personal remittances, received (current US$)\",\"CODE\",\"26560000000\",\"34900000000.5\",\"\",\n";
    let answer = taken(Publisher::Worldbank, &indicator("BX.TRF.PWKR.CD.DT", rows));
    assert_eq!((answer.checked.source.code.as_str(), answer.checked.edition.as_str()), ("WB-WDI-RECEIVED", "2026-07-01"));
    assert_eq!(
        answer.lines(),
        [
            "PAK REMITTANCES_RECEIVED_USD 2023-01-01..2023-12-31 26560000000",
            "PAK REMITTANCES_RECEIVED_USD 2024-01-01..2024-12-31 34900000000.5",
            "PAK REMITTANCES_RECEIVED_USD 2025-01-01..2025-12-31 NOT_AVAILABLE",
        ]
    );
    let bulk = "Country Name,Country Code,Indicator Name,Indicator Code,1960,2023\n\
        Pakistan,PAK,\"Population, total\",SP.POP.TOTL,45709310,247504495\n\
        Pakistan,PAK,\"Personal remittances, paid (current US$)\",BM.TRF.PWKR.CD.DT,,160000000\n\
        Pakistan,PAK,\"Personal remittances, received (current US$)\",BX.TRF.PWKR.CD.DT,,26560000000\n";
    let answer = taken(Publisher::Worldbank, bulk);
    assert_eq!((answer.checked.source.code.as_str(), answer.facts.len()), ("WB-WDI-PAID", 2));
    assert_eq!(answer.checked.skipped.values().sum::<u64>(), 2, "another indicator, and a second one that is taken: told, not silent");
}

#[test]
fn the_world_banks_other_tables_are_refused() {
    let metadata =
        "\"Country Code\",\"Region\",\"IncomeGroup\",\"SpecialNotes\",\"TableName\",\n\"PAK\",\"South Asia\",\"Lower middle income\",\"\",\"Pakistan\",\n";
    refused(Publisher::Worldbank, metadata, &["Indicator Code", "IncomeGroup"]);
    let turned =
        "Country Name,Country Code,Time,Time Code,\"Personal remittances, received (current US$) [BX.TRF.PWKR.CD.DT]\"\nPakistan,PAK,2023,YR2023,26560000000\n";
    refused(Publisher::Worldbank, turned, &["Indicator Code", "Time Code"]);
    let yearless = "Country Name,Country Code,Indicator Name,Indicator Code,Year,Value\nPakistan,PAK,x,BX.TRF.PWKR.CD.DT,2023,1\n";
    refused(Publisher::Worldbank, yearless, &["One column a year"]);
}
