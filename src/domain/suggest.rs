//! Near words for a word that is not known, so that an error can say what would be right.

/// Longer words are not compared: no code or word of a closed list is as long.
const LONGEST: usize = 60;

/// At most three of `known` that are near `word`, nearest first.
#[must_use]
pub fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // A word far longer than any code is near none, and comparing it would cost more than the whole request.
    if word.chars().nth(LONGEST).is_some() {
        return Vec::new();
    }
    let folded = word.to_uppercase();
    let mut scored: Vec<(f64, &str)> =
        known.into_iter().map(|candidate| (likeness(&folded, &candidate.to_uppercase()), candidate)).filter(|(score, _)| *score >= 0.75).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.truncate(3);
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// 0 to 1. Two letters that changed places are the likeliest slip, a letter too many or too few the next.
fn likeness(word: &str, candidate: &str) -> f64 {
    let likeness = strsim::jaro_winkler(word, candidate);
    match (strsim::osa_distance(word, candidate), strsim::levenshtein(word, candidate)) {
        (1, 2) => likeness.max(0.98),
        (1, _) => likeness.max(0.8),
        _ => likeness,
    }
}

/// Whether a word is most likely another one with a slip or two of the hand; case aside.
#[must_use]
pub fn is_slip_of(word: &str, known: &str) -> bool {
    if word.chars().nth(LONGEST).is_some() {
        return false;
    }
    let (word, known) = (word.to_uppercase(), known.to_uppercase());
    strsim::osa_distance(&word, &known) <= (known.chars().count() / 4).min(2)
}

/// " Did you mean A, B or C?", or nothing where nothing is near.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match near(word, known).as_slice() {
        [] => String::new(),
        [one] => format!(" Did you mean {one}?"),
        [rest @ .., last] => format!(" Did you mean {} or {last}?", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_codes_are_named_and_far_ones_are_not() {
        assert_eq!(did_you_mean("SILKROUTES", ["SILK-ROUTES", "BLACK-SEA"]), " Did you mean SILK-ROUTES?");
        assert_eq!(did_you_mean("XQ", ["SILK-ROUTES", "BLACK-SEA"]), "");
        assert_eq!(near("afg", ["AFG", "TUR"]), ["AFG"]);
        assert_eq!(near(&"RETURNS".repeat(8_500), ["RETURNS"]), Vec::<&str>::new(), "too long to be compared");
        assert_eq!(near("PKA", ["LKA", "PAK", "TUR"]).first(), Some(&"PAK"));
        assert!(is_slip_of("UNHCR-RSP", "UNHCR-RPS") && is_slip_of("unhcr-rps", "UNHCR-RPS") && is_slip_of("ESTAT-ASYAPCTZ", "ESTAT-ASYAPPCTZ"));
        assert!(!is_slip_of("UZSTAT", "UNHCR-RPS") && !is_slip_of("AB", "AC") && !is_slip_of(&"RETURNS".repeat(8_500), "RETURNS"));
    }
}
