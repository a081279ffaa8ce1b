//! Spellings of a name are drawn by rules, and none of them is another's.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::viewer::Role;
use super::*;

fn member(party: &str, subject: &str) -> Member {
    Member { party: party.into(), role: Role::Secretariat, subject: subject.into(), expires_at: None }
}

/// Whether two names of one party are one pair of eyes; whichever of the two wrote.
fn is_one(one: &str, other: &str) -> bool {
    let found = is_among([one], "UZB", &member("UZB", other));
    assert_eq!(found, is_among([other], "UZB", &member("UZB", one)), "{one:?} {other:?}");
    found
}

/// What can be written in the place of something, by the look that UTS 39 gives it, or by what it is made of. Not the
/// long s: it looks like an f and is an s, and a word in which it is drawn as both is one that nobody reads.
fn written_like(by: impl Fn(char) -> String) -> BTreeMap<String, Vec<char>> {
    let mut all: BTreeMap<String, Vec<char>> = BTreeMap::new();
    for sign in (0x21..0x2_0000).filter_map(char::from_u32) {
        let look = by(sign);
        // A sign that is newer than this program's letters is none for it.
        let is_known = sign.is_alphanumeric() || look.is_ascii();
        if look != sign.to_string() && !look.is_empty() && is_known && sign != 'ſ' {
            all.entry(look).or_default().push(sign);
        }
    }
    all
}

static LOOK_ALIKE: LazyLock<BTreeMap<String, Vec<char>>> = LazyLock::new(|| written_like(|sign| skeleton(&sign.to_string()).collect()));
static MADE_OF: LazyLock<BTreeMap<String, Vec<char>>> = LazyLock::new(|| written_like(|sign| sign.to_string().nfkd().collect()));

/// Signs that are not seen, and blanks: between any two signs.
const UNSEEN: &[&str] = &[
    "\u{ad}",
    "\u{200b}",
    "\u{200c}",
    "\u{200d}",
    "\u{2060}",
    "\u{feff}",
    "\u{34f}",
    "\u{fe0f}",
    "\u{fe00}",
    "\u{e0100}",
    "\u{e0041}",
    "\u{202e}",
    "\u{2066}",
    "\u{2069}",
    "\u{61c}",
    "\u{180e}",
    "\u{115f}",
    "\u{3164}",
    "\u{ffa0}",
    "\u{2800}",
    " ",
    "  ",
    "\u{a0}",
    "\u{2009}",
    "\u{3000}",
    "\u{202f}",
    "\u{1680}",
    "\u{301}",
    "\u{323}",
    "\u{20dd}",
    "-",
    ".",
    "_",
    "\u{2011}",
];

#[derive(Debug, Clone, Copy)]
enum Slip {
    None,
    Capital,
    Small,
    LookAlike,
    MadeOf,
}

/// One sign otherwise: first in a case, then as another sign that looks like that, or is made of it.
fn otherwise(sign: char, slips: (Slip, Slip), n: usize) -> String {
    let cased: String = match slips.0 {
        Slip::Capital => sign.to_uppercase().collect(),
        Slip::Small => sign.to_lowercase().collect(),
        _ => sign.to_string(),
    };
    let others = match slips.1 {
        Slip::LookAlike => LOOK_ALIKE.get(&cased),
        Slip::MadeOf => MADE_OF.get(&cased),
        _ => None,
    };
    others.map_or(cased, |others| others[n % others.len()].to_string())
}

fn spelling(names: &'static [&'static str], cases: &'static [Slip]) -> impl Strategy<Value = (&'static str, String)> {
    let slips = (select(cases), select(&[Slip::None, Slip::LookAlike, Slip::MadeOf][..]), any::<usize>(), prop::option::weighted(0.3, select(UNSEEN)));
    (select(names), prop::collection::vec(slips, 40)).prop_map(|(name, slips)| {
        let mut spelt = String::new();
        for (sign, (case, look, n, unseen)) in name.chars().zip(slips) {
            spelt.push_str(&otherwise(sign, (case, look), n));
            spelt.push_str(unseen.unwrap_or_default());
        }
        (name, spelt)
    })
}

const CASES: &[Slip] = &[Slip::None, Slip::Capital, Slip::Small];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_spelling_of_a_latin_name_is_another((name, spelt) in spelling(&["Desk 4", "uz second office", "Migration Bureau 17", "Straße Kilo 0", "quick-jumps VEX/w 95"], CASES)) {
        prop_assert!(is_one(name, &spelt), "{:?}", spelt);
    }

    #[test]
    fn nor_of_one_in_another_script_in_its_own_case((name, spelt) in spelling(&["Бюро 4", "Офис Душанбе", "Γραφείο 3", "دفتر ٤", "کابل", "ঢাকা", "Բաժին 2"], &[Slip::None])) {
        prop_assert!(is_one(name, &spelt), "{:?}", spelt);
    }

    #[test]
    fn nor_in_another_case(name in "[A-Za-z0-9À-ɏΑ-Ωα-ωА-яԱ-Ֆ ]{1,20}") {
        prop_assume!(has_name(&name));
        for other in [name.to_uppercase(), name.to_lowercase(), name.to_uppercase().to_lowercase()] {
            prop_assert!(is_one(&name, &other), "{:?} {:?}", name, other);
        }
    }

    #[test]
    fn a_token_is_read_like_a_key((name, spelt) in spelling(&["Desk 4", "office-17"], CASES)) {
        prop_assert!(is_one(name, &of_token("https://id.example", &spelt)));
        prop_assert!(is_one(&of_token("https://id.example", name), &of_token("https://id.example/", &spelt)), "whichever way the issuer is spelt");
    }
}

#[test]
fn offices_that_are_called_otherwise_are_others() {
    let names = [
        "Desk 1", "Desk 2", "Desk 3", "Desk 4", "Desk 5", "Desk 6", "Desk 7", "Desk 8", "Desk 9", "Desk 0", "Desk A", "Desk B", "Desk E", "Desk N", "Desk V",
        "Desk S",
    ];
    let more =
        ["tashkent", "samarkand", "desk-1", "secretariat one", "secretariat two", "uz office", "Бюро 4", "Бюро 5", "Бюро А", "Бюро Б", "Бюро В", "ঢাকা", "کابل"];
    let all: Vec<&str> = names.into_iter().chain(more).filter(|name| *name != "desk-1").collect();
    for (n, one) in all.iter().enumerate() {
        for other in &all[..n] {
            assert!(!is_one(one, other), "{one} {other}");
        }
    }
}

#[test]
fn a_name_is_its_partys_and_a_token_is_a_persons() {
    let of = |party: &str, subject: &str, hand: &str| is_among([hand], "UZB", &member(party, subject));
    assert!(of("UZB", "desk 4", "Desk 4") && !of("ICMPD", "Desk 4", "Desk 4"), "two parties may each have a desk 4");
    let token = of_token("https://id.example", "17");
    assert!(of("ICMPD", &token, &token), "one person, for two parties");
    assert!(!of("ICMPD", &of_token("https://id.example", "18"), &token));
    let nameless = "key:aaaaaaaaaaaaaaaa";
    assert!(of("UZB", "Desk 5", nameless) && !of("ICMPD", "Desk 5", nameless), "whoever it was may be anybody of that party");
    assert!(!has_name(nameless) && has_name(&token) && has_name("Desk 4") && !has_name(&of_token("https://id.example", "\u{200b}")));
}

#[test]
fn a_new_name_is_one_that_can_be_read() {
    for name in ["Desk 4", "  Desk 4 ", "Бюро № 4", "کابل\u{200c}ها", "ঢাকা", "office_17/b", "Bureau d’accueil"] {
        assert_eq!(named(name), Ok(name.trim().to_owned()));
    }
    for name in [
        "",
        "  ",
        "-",
        "De\u{ad}sk 4",
        "Desk\u{202e}4",
        "\u{1f153}esk 4",
        "Ｄesk 4",
        "𝐃esk 4",
        "Ꭰesk 4",
        "Desk\u{a0}4",
        "a\nb",
        "key:aaaaaaaaaaaaaaaa",
        "oidc:17",
        &"x".repeat(101),
    ] {
        assert!(named(name).is_err(), "{name:?}");
    }
}
