//! Catalogues with several mistakes, with files that are not there, and with bytes that make no sense.

use proptest::prelude::*;

use super::{PRACTICE, edit, faults, files, read};

#[test]
fn seven_mistakes_make_seven_faults() {
    let mut planted = files().clone();
    edit(&mut planted, "documents.toml", "meeting = \"MC-6\"", "meeting = \"MC-66\"");
    edit(&mut planted, "flow_figures.csv", ",514725,", ",-514725,");
    edit(&mut planted, "flows.toml", "kinds = [\"MIXED\"]", "kinds = [\"MIXT\"]");
    edit(&mut planted, PRACTICE, "evidence = ", "evidense = ");
    edit(&mut planted, "meetings.toml", "starts_on = \"1993-02-15\"", "starts_on = \"1993-02-30\"");
    edit(&mut planted, "organisations.csv", "https://rso-baliprocess", "rso-baliprocess");
    edit(&mut planted, "states.csv", "ALB,AL,008", "ALB,AF,008");
    assert_eq!(
        faults(&planted),
        [
            "documents.toml: COMMITMENTS-2019: meeting: there is no meeting \"MC-66\". Did you mean MC-6, MC-1 or MC-2?",
            "flow_figures.csv: line 2: value: \"-514725\" will not do: a whole number from 1 is wanted, in digits alone.",
            "flows.toml: AFG-TUR-WEST: kinds[1]: \"MIXT\" is no FlowKind. Did you mean MIXED?",
            "good_practices/prottasha-reintegration-bangladesh.md: prottasha-reintegration-bangladesh: evidense: is no field \
             here, and evidence is missing. Did you mean evidence, not \"evidense\"?",
            "meetings.toml: MC-2: starts_on: \"1993-02-30\" is no date: write 2016, 2016-05 or 2016-05-03.",
            "organisations.csv: BALI-RSO: citation_url: \"rso-baliprocess.dev.juicebox.com.au/?p=4258\" is no address: it \
             starts with https:// or http:// and has no spaces.",
            "states.csv: ALB: iso2: AF is taken: states.csv, line 2 has it too. Each has its own.",
        ]
    );
}

#[test]
fn a_file_that_is_missing_or_misnamed_is_one_mistake() {
    for file in files().keys().filter(|file| !file.contains('/') && *file != "README.md") {
        let mut without = files().clone();
        let text = without.remove(file).expect("the file");
        let missing = faults(&without);
        assert!(matches!(missing.as_slice(), [one] if one.starts_with(&format!("{file}: is missing"))), "{missing:#?}");
        without.insert(file.replace("s.", "."), text);
        let misnamed = faults(&without);
        assert!(file == "edition.toml" || misnamed.len() == 1, "{misnamed:#?}");
    }
}

#[test]
fn depth_does_no_harm() {
    for text in ["[".repeat(50_000), format!("a = {}", "{b = ".repeat(50_000)), format!("a = {}", "[".repeat(50_000)), format!("a{} = 1", ".a".repeat(50_000))]
    {
        let mut planted = files().clone();
        planted.insert("meetings.toml".into(), text);
        assert_eq!(faults(&planted).iter().filter(|fault| fault.starts_with("meetings.toml: ")).count(), 1);
    }
}

#[test]
fn what_is_part_of_itself_is_found_once() {
    let mut planted = files().clone();
    edit(
        &mut planted,
        "provisions.toml",
        "reference = \"IV.a\"\nkind = \"ACTIVITY\"\nparent = \"IV\"",
        "reference = \"IV.a\"\nkind = \"ACTIVITY\"\nparent = \"IV.a.ii\"",
    );
    let faults = faults(&planted);
    let circle = faults.iter().filter(|fault| fault.contains("is part of itself (IV.a in IV.a.ii in IV.a)")).count();
    assert_eq!(circle, 1, "{faults:#?}");
    assert!(faults[0].starts_with("provisions.toml: DECLARATION-2013/IV.a: parent: "), "{faults:#?}");
}

#[test]
fn all_mistakes_of_an_entry_are_found_and_stand_in_order() {
    let mut planted = files().clone();
    let entry = "[[meeting]]\ncode = \"ZZ\"\nname = \"\"\nkind = \"PARTY\"\nhosts = [\"QQQ\", 7]\nonline = \"no\"\ncitations = []\n\n[[meeting]]";
    edit(&mut planted, "meetings.toml", "[[meeting]]", entry);
    edit(&mut planted, "documents.toml", "meeting = \"MC-5\"", "meeting = \"ZZ\"");
    edit(&mut planted, "documents.toml", "meeting = \"MC-6\"", "meeting = \"ZZ\"");
    edit(&mut planted, "documents.toml", "meeting = \"MC-6\"", "meeting = \"ZZ\"");
    let all = read(&planted).expect_err("faults");
    let of_meetings = all.iter().filter(|fault| fault.file == "meetings.toml");
    let fields: Vec<_> = of_meetings.map(|fault| fault.field.as_deref().unwrap_or("")).collect();
    assert_eq!(fields, ["name", "kind", "hosts[1]", "hosts[2]", "online", "citations"]);
    assert!(all.iter().all(|fault| fault.file == "meetings.toml" || !fault.message.contains("ZZ")), "{all:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens to a file, it is read or refused; nothing panics.
    #[test]
    fn nothing_panics(
        file in 0..usize::MAX,
        mutations in prop::collection::vec((0..usize::MAX, 0..80_usize, 0..3_u8, any::<u8>()), 1..12),
    ) {
        let mut planted = files().clone();
        let count = planted.len();
        let text = planted.values_mut().nth(file % count).expect("a file");
        let mut bytes = text.clone().into_bytes();
        for (at, length, what, byte) in mutations {
            let at = at % (bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            match what {
                0 => drop(bytes.drain(at..end)),
                1 => bytes.splice(at..at, bytes[at..end].to_vec()).for_each(drop),
                _ => bytes[at..end].iter_mut().for_each(|b| *b ^= byte),
            }
        }
        *text = String::from_utf8_lossy(&bytes).into_owned();
        for fault in read(&planted).err().unwrap_or_default() {
            prop_assert!(!fault.message.is_empty() && !fault.file.is_empty());
        }
    }
}
