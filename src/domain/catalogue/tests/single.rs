//! One mistake at a time: each makes one fault, which names file, entry and field, and says what would be right.

use super::{PRACTICE, edit, faults, files};

const NAME: &str = "prottasha-reintegration-bangladesh";

/// File, what stands there, what is written instead, how the one fault begins, what else it says.
type Mistake = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn each_makes_one_fault(mistakes: &[Mistake]) {
    let mut wrong = Vec::new();
    for (file, from, to, start, hint) in mistakes {
        let mut planted = files().clone();
        edit(&mut planted, file, from, to);
        let faults = faults(&planted);
        let right = matches!(faults.as_slice(), [one] if one.starts_with(&format!("{file}{start}")) && one.contains(hint));
        if !right {
            wrong.push(format!("{file}: {from} -> {to}\n  wanted {start} … {hint}\n  got {faults:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn in_codes() {
    each_makes_one_fault(&[
        ("states.csv", "AFG,AF,004", "afg,AF,004", ": line 2: iso3: ", "three capital letters"),
        ("states.csv", "AFG,AF,004", ",AF,004", ": line 2: iso3: ", "is missing"),
        ("states.csv", "AFG,AF,004", "AFG,A1,004", ": AFG: iso2: ", "two capital letters"),
        ("states.csv", "AFG,AF,004", "AFG,AF,4", ": AFG: m49: ", "three digits"),
        ("states.csv", "AGO,AO,024", "AGO,AO,004", ": AGO: m49: ", "line 2"),
        ("areas.csv", "ABW,AW,533", "ABW,AF,533", ": ABW: iso2: ", "states.csv, line 2"),
        ("areas.csv", "ABW,", "AFG,", ": AFG: iso3: ", "states.csv, line 2"),
        ("states.csv", "PAK,PK", "AGO,PK", ": AGO: iso3: ", "is taken"),
        ("organisations.csv", "BALI-RSO,", "BALI RSO,", ": line 2: code: ", "single hyphens"),
        ("organisations.csv", "IOM,", "ZWE,", ": ZWE: code: ", "states.csv"),
        ("flows.toml", "\"PAK-TUR-ROUTE\"", "\"PAK-TUR\"", ": line ", "corridor"),
        ("meetings.toml", "code = \"MC-6\"\n", "", ": line ", "code: is missing"),
        ("working_groups.toml", "\"SILK-ROUTES\"", "\"Silk-Routes\"", ": line 1: code: ", "capital letters"),
        ("meetings.toml", "\"MC-2\"", "\"MC-1\"", ": MC-1: code: ", "meetings.toml, line 1 has it too"),
        ("provisions.toml", "reference = \"IV.a\"", "reference = \"IV a\"", ": line ", "dots between"),
        ("provisions.toml", "\"R.2\"", "\"R.1\"", ": DECLARATION-2013/R.1: reference: ", "is taken"),
        ("provisions.toml", "ordinal = 2\n", "ordinal = 1\n", ": DECLARATION-2013/R.2: ordinal: ", "1 is taken"),
        ("provisions.toml", "ordinal = 2\n", "ordinal = 0\n", ": DECLARATION-2013/R.2: ordinal: ", "from 1"),
        (PRACTICE, NAME, "prottasha", ": prottasha-reintegration-bangladesh: slug: ", "name of the file"),
    ]);
}

const REFERENCES: &[Mistake] = &[
    ("organisations.csv", "AUTHORITY,PAK,", "AUTHORITY,PAC,", ": BEOE: state: ", "Did you mean PAK"),
    ("organisations.csv", "AUTHORITY,PAK,", "AUTHORITY,ABW,", ": BEOE: state: ", "ABW is an area that is no state"),
    ("working_groups.toml", "party = \"TUR\"", "party = \"TURK\"", ": SILK-ROUTES: members[1].party: ", "TUR"),
    ("working_groups.toml", "\"AFG\", \"BGD\"", "\"AFG\", \"IOM\"", ": SILK-ROUTES: focus_states[2]: ", "IOM is an organisation"),
    ("working_groups.toml", "areas = [\"IV\"", "areas = [\"VII\"", ": SILK-ROUTES: areas[1]: ", "no thematic area"),
    ("working_groups.toml", "areas = [\"IV\"", "areas = [\"IV.a\"", ": SILK-ROUTES: areas[1]: ", "kind ACTIVITY"),
    ("meetings.toml", "hosts = [\"DEU\"]", "hosts = [\"DEW\"]", ": MC-1: hosts[1]: ", "party (state or organisation)"),
    ("meetings.toml", "working_groups = [\"", "working_groups = [\"X", ": ", "no working group \"X"),
    ("meetings.toml", "place_state = \"DEU\"", "place_state = \"deu\"", ": MC-1: place_state: ", "DEU"),
    ("provisions.toml", "parent = \"IV.a\"", "parent = \"IV.x\"", ": DECLARATION-2013/IV.a.i: parent: ", "no provision"),
    ("provisions.toml", "goals = [\"1.a\"", "goals = [\"1.g\"", ": DECLARATION-2013/R.3: goals[1]: ", "no priority goal"),
    ("provisions.toml", "document = \"DECLARATION-2013\"", "document = \"DECLARATION-2031\"", ": DECLARATION-2031/R.1: document: ", "DECLARATION-2013"),
    ("flows.toml", "from = \"AFG\"", "from = \"AFX\"", ": AFG-TUR-WEST: legs[1].from: ", "state or area \"AFX\""),
    ("flows.toml", "transits = [\"IRN\"]", "transits = [\"IRQ\"]", ": AFG-TUR-WEST: transits[1]: ", "AFG, IRN, TUR"),
    ("flows.toml", "transits = [\"IRN\"]", "transits = [\"IRX\"]", ": AFG-TUR-WEST: transits[1]: ", "no state or area"),
    (PRACTICE, "owner = \"IOM\"", "owner = \"IO\"", ": prottasha-reintegration-bangladesh: owner: ", "IOM"),
    (PRACTICE, "\"IV.j\"", "\"IV.a.i\"", ": prottasha-reintegration-bangladesh: activities[1]: ", "part of the activity IV.a"),
    (PRACTICE, "\"RETURN-EU-SILK\"", "\"RETURN-EU\"", ": prottasha-reintegration-bangladesh: flows[1]: ", "RETURN-EU-SILK"),
    ("flow_figures.csv", "PAK,SAU,", "PAK,SAO,", ": line 2: destination_iso3: ", "SAU"),
    ("route_figures.csv", "EAST-MED,", "EASTMED,", ": line 2: flow_code: ", "EAST-MED"),
    ("route_figures.csv", "FRONTEX-ARA-2016", "FRONTEX-ARA-2061", ": line 2: source_code: ", "FRONTEX-ARA-2016"),
];

#[test]
fn in_references() {
    each_makes_one_fault(REFERENCES);
}

#[test]
fn in_words_dates_and_numbers() {
    each_makes_one_fault(&[
        ("states.csv", "SILK_ROUTES", "SILK-ROUTES", ": AFG: region: ", "SILK_ROUTES"),
        ("states.csv", "PARTICIPATING", "MEMBER", ": AFG: participation: ", "It is PARTICIPATING or OBSERVER."),
        ("states.csv", "33.84", "93.84", ": AFG: latitude: ", "from -90 to 90"),
        ("states.csv", "33.84", "", ": AFG: longitude: ", "stands alone"),
        ("documents.toml", "\"EN\", \"RU\"", "\"EN\", \"RUS\"", ": DECLARATION-2013: languages[2]: ", "RU"),
        ("documents.toml", "adopted_on = \"2014\"", "adopted_on = 2014", ": STRATEGY-2014-2016: adopted_on: ", "a whole number here"),
        ("documents.toml", "adopted_on = \"2014\"", "adopted_on = 2014-01-01", ": STRATEGY-2014-2016: adopted_on: ", "quotation marks"),
        ("meetings.toml", "ends_on = \"1991-10-31\"", "ends_on = \"1991-10-29\"", ": MC-1: ends_on: ", "is before 1991-10-30"),
        ("working_groups.toml", "role = \"CHAIR\"", "role = \"FOCUS\"", ": SILK-ROUTES: members[1].role: ", "focus_states"),
        ("flows.toml", "ordinal = 1", "ordinal = \"1\"", ": AFG-TUR-WEST: legs[1].ordinal: ", "a text here"),
        ("flows.toml", "ordinal = 1", "ordinal = 1.5", ": AFG-TUR-WEST: legs[1].ordinal: ", "a fraction"),
        ("flows.toml", "ordinal = 1", "ordinal = 99999999999999999999", ": ", "a number too large"),
        ("edition.toml", "2026-11-24", "2026-11", ": edition: ", "write it as"),
        ("edition.toml", "\"EN\"", "\"en\"", ": language: ", "EN"),
        ("sources.csv", ",2026-11-23", ",yesterday", ": UNHCR-RPS: retrieved_on: ", "no day"),
        ("flow_figures.csv", ",514725,", ",\"514,725\",", ": line 2: value: ", "digits alone"),
        ("flow_figures.csv", ",514725,", ",0,", ": line 2: value: ", "from 1"),
        ("flow_figures.csv", ",514725,", ",,", ": line 2: value: ", "is missing"),
        ("flow_figures.csv", "LABOUR_DEPARTURES", "LABOR_DEPARTURES", ": line 2: measure: ", "LABOUR_DEPARTURES"),
        ("flow_figures.csv", "LABOUR_DEPARTURES", "REFUGEES", ": line 2: period_end: ", "same day"),
        ("flow_figures.csv", "2022-01-01,2022-12-31", "2022-12-31,2022-01-01", ": line 2: period_end: ", "is before"),
        ("flow_figures.csv", "2022-01-01", "2022", ": line 2: period_start: ", "write it as"),
        ("flow_figures.csv", "PAK,OMN", "PAK,SAU", ": line 3: ", "the same figure as line 2"),
    ]);
}

const TEXTS: &[Mistake] = &[
    ("states.csv", "Афганистан", "", ": AFG: name_ru: ", "is missing"),
    ("documents.toml", "title = \"Multi-annual strategy 2014-2016\"", "title = \" \"", ": STRATEGY-2014-2016: title: ", "empty"),
    ("documents.toml", "title = \"Multi-annual", "title = \"Multi\\u0007annual", ": STRATEGY-2014-2016: title: ", "U+0007"),
    ("documents.toml", "https://www.iom.int/budapest-process", "ftp://www.iom.int", ": COMMITMENTS-2019: citations[2].url: ", "https://"),
    ("documents.toml", "https://www.iom.int/budapest-process", "https://www.iom.int/a b", ": COMMITMENTS-2019: citations[2].url: ", "no spaces"),
    ("documents.toml", "{ text = \"IOM: Budapest Process\", url", "{ url", ": COMMITMENTS-2019: citations[2].text: ", "is missing"),
    ("documents.toml", "[\"EN\", \"RU\"]", "\"EN\"", ": DECLARATION-2013: languages: ", "a list"),
    ("flows.toml", "kinds = [\"MIXED\"]", "kinds = []", ": AFG-TUR-WEST: kinds: ", "at least one"),
    ("flows.toml", "[\"LAND\"]", "[\"LAND\", \"LAND\"]", ": AFG-TUR-WEST: legs[1].modes[2]: ", "twice"),
    (PRACTICE, "[\"BRAC\", \"EC\"]", "[\"BRAC\", \"BRAC\"]", ": prottasha-reintegration-bangladesh: partners[2]: ", "twice"),
    (PRACTICE, "states = [\"BGD\"]\n", "", ": prottasha-reintegration-bangladesh: states: ", "at least one"),
    (PRACTICE, "owner = \"IOM\"", "owner = IOM", ": prottasha-reintegration-bangladesh: line 5 ", "TOML"),
];

#[test]
fn in_texts_and_lists() {
    each_makes_one_fault(TEXTS);
}

#[test]
fn in_long_texts() {
    let long = "x".repeat(2_001);
    let long: &'static str = Box::leak(format!("note = \"{long}\"").into_boxed_str());
    let body: &'static str = Box::leak(format!("+++\n\n{}**Context.**", "x".repeat(20_000)).into_boxed_str());
    each_makes_one_fault(&[
        ("meetings.toml", "note = \"36 states attended.\"", long, ": MC-3: note: ", "2001 characters: 2000 are the most"),
        (PRACTICE, "+++\n\n**Context.**", body, ": prottasha-reintegration-bangladesh: body: ", "20000 are the most"),
    ]);
}

#[test]
fn in_fields_and_files() {
    each_makes_one_fault(&[
        ("meetings.toml", "kind = ", "kynd = ", ": MC-1: kynd: ", "Did you mean kind"),
        ("meetings.toml", "kind = ", "zzz = ", ": MC-1: zzz: ", "kind is missing"),
        ("meetings.toml", "kind = ", "zzz = 1\nkind = ", ": MC-1: zzz: ", "there are code, name"),
        ("meetings.toml", "place = ", "plaice = ", ": MC-1: plaice: ", "Did you mean place"),
        ("meetings.toml", "[[meeting]]", "[[meetng]]", ": line 1: meetng: ", "[[meeting]]"),
        ("meetings.toml", "name = \"First", "name = First", ": line 3: ", "TOML"),
        ("flows.toml", "ordinal = 1, from", "ordinal = 1, form", ": AFG-TUR-WEST: legs[1].form: ", "from"),
        ("provisions.toml", "kind = \"PRIORITY_GOAL\"", "kind = ", ": line ", "TOML"),
        ("states.csv", "name_ru", "nameru", ": line 1: nameru: ", "Did you mean name_ru"),
        ("states.csv", "name_ru,", "name_en,", ": line 1: name_en: ", "one of them name_ru"),
        ("states.csv", "AFG,AF,", "AFG,AF,,", ": line 2: ", "12 cells where the header has 11"),
        ("states.csv", "AFG,AF,004,Afghanistan", "AFG,AF,004,\"Afghanistan", ": line 2: ", "not closed"),
        ("organisations.csv", "", "", ": line 1: ", "the first line names the columns"),
        ("meeting.toml", "", "", ": ", "is no file"),
        ("good_practices/x.txt", "", "", ": ", "is no file"),
        ("good_practices/x.md", "", "text", ": x: ", "must begin with a line +++"),
        ("good_practices/x.md", "", "+++\ntext", ": x: ", "no second line +++"),
        ("good_practices/prottasha.ru.md", "", "+++\n+++\n", ": ", "there is no practice"),
        ("good_practices/prottasha-reintegration-bangladesh.en.md", "", "", ": ", "no second file"),
        ("good_practices/prottasha-reintegration-bangladesh.xx.md", "", "", ": ", "\"xx\" is no language"),
    ]);
}

#[test]
fn what_many_name_in_vain_is_said_once_where_it_should_be() {
    each_makes_one_fault(&[
        (
            "documents.toml",
            "\"DECLARATION-2013\"",
            "\"DECLARATION-2003\"",
            ": DECLARATION-2013: code: is named 86 times, first in ",
            "Did you mean DECLARATION-2003",
        ),
        ("states.csv", "AFG,AF,", "AFX,AF,", ": AFG: iso3: is named ", "there is no "),
        ("organisations.csv", "IOM,", "IOMM,", ": IOM: code: is named ", "Did you mean IOMM"),
        (
            "provisions.toml",
            "reference = \"IV.a\"\nkind = \"ACTIVITY\"",
            "reference = \"IV.a\"\nkind = \"MANDATE\"",
            ": IV.a: reference: is named ",
            "of kind MANDATE: an activity is wanted",
        ),
        ("provisions.toml", "kind = \"PRIORITY_GOAL\"", "kind = \"GOAL\"", ": DECLARATION-2013/1.a: kind: ", "PRIORITY_GOAL"),
        ("meetings.toml", "[[meeting]]", "[[meeting]]\n[[meeting]]", ": line 1: ", "has no fields"),
        ("meetings.toml", "[[meeting]]", "", ": line 2: code: ", "out of place"),
        (
            "states.csv",
            "AFG,AF,",
            "iso3,iso2,m49,name_en,name_ru,name_tr,region,latitude,longitude,participation,participation_note\nAFG,AF,",
            ": line 2: ",
            "again",
        ),
    ]);
}
