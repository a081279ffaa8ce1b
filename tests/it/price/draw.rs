//! Draws values of arguments, the same ones in every run of one seed: codes that there are, texts that find much or nothing,
//! filters within filters.

use crate::sdl::{Part, served};

use super::document::Value;

/// Draws.
pub struct Draw(u64);

const STATES: &[&str] = &["AFG", "UZB", "KGZ", "PAK", "TUR", "DEU", "IRN", "CHE"];
const PARTIES: &[&str] = &["AFG", "UZB", "TUR", "ICMPD", "IOM"];
const ACTIVITIES: &[&str] = &["I.a", "IV.a.ii", "IV.a", "II.b", "VI.d"];
const WORDS: &[&str] = &[
    "migration",
    "return",
    "labour migration states national programme workers office support returnees countries border",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    "الهجرة الدول العودة العمال اللاجئين الحدود القانون",
    "the",
    "nothing of this kind",
];

impl Draw {
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x1234_5678_9abc_def1) ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number below another.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % n.max(1)
    }

    pub fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A value for an argument, or for a field of an input object.
    pub fn value(&mut self, field: &str, name: &str, part: &Part) -> Value {
        if part.is_list() {
            let many = self.below(12) == 0;
            let count = if many { 40 } else { 1 + self.below(3) };
            return Value::List((0..count).map(|_| self.single(field, name, part)).collect());
        }
        self.single(field, name, part)
    }

    fn single(&mut self, field: &str, name: &str, part: &Part) -> Value {
        let text = |text: &str| Value::Text(text.to_owned());
        let word = |word: &str| Value::Word(word.to_owned());
        match (part.named(), name) {
            (_, "iso3" | "states" | "origins" | "destinations" | "transits" | "postedTo") => text(self.one(STATES)),
            (_, "owners" | "partners" | "parties" | "hosts" | "members") => text(self.one(PARTIES)),
            (_, "activities" | "reference" | "references") => text(self.one(ACTIVITIES)),
            (_, "flows") => text(self.one(&["EAST-MED", "AFG-DEU", "AFG-TUR-WEST"])),
            (_, "workingGroups" | "groups") => text(self.one(&["SILK-ROUTES", "COLEP"])),
            (_, "thematicAreas" | "areas" | "numeral") => text(self.one(&["I", "IV", "VI"])),
            (_, "goals") => text(self.one(&["1.a", "1.d"])),
            (_, "text") => {
                // Each another one, so that none is known.
                let (words, more) = (self.one(WORDS), self.below(1000));
                Value::Text(format!("{words} {more}"))
            }
            (_, "nameContains") => text(self.one(&["stan", "a"])),
            (_, "first" | "last") => word(self.one(&["0", "0", "1", "20", "100", "100"])),
            (_, "code") => text(match field {
                "organisation" => "ICMPD",
                "workingGroup" => "SILK-ROUTES",
                "flow" => "AFG-DEU",
                _ => "DECLARATION-2013",
            }),
            (_, "horizon") => word("10"),
            (_, "level") => word(self.one(&["0.5", "0.7", "0.9"])),
            ("PartialDate", _) => text(self.one(&["2015", "2020-05"])),
            ("Date", _) => text(self.one(&["2016-01-01", "2025-10-09"])),
            ("Int", _) => word("3"),
            ("Float", _) => word("1.5"),
            ("Boolean", _) => word(self.one(&["true", "false"])),
            ("String" | "ID", _) => text(self.one(&["EUROSTAT", "migration"])),
            (ty, _) => self.input_or_word(field, ty),
        }
    }

    fn input_or_word(&mut self, field: &str, ty: &str) -> Value {
        let Some(shape) = served().get(ty) else { return Value::Word("1".to_owned()) };
        if shape.keyword == "enum" {
            let values: Vec<&str> = shape.values.keys().map(String::as_str).collect();
            return Value::Word(self.one(&values).to_owned());
        }
        let names: Vec<(&String, &Part)> = shape.fields.iter().collect();
        let mut fields: Vec<(String, Value)> = Vec::new();
        for (name, part) in names.iter().filter(|(_, part)| part.ty.ends_with('!') && part.default.is_empty()) {
            let value = self.value(field, name, part);
            fields.push(((*name).clone(), value));
        }
        for _ in 0..=self.below(3) {
            let (name, part) = names[self.below(names.len())];
            // A filter within a filter, but not for ever.
            if fields.iter().all(|(other, _)| other != name) && (part.named() != ty || self.below(3) == 0) {
                let value = self.value(field, name, part);
                fields.push((name.clone(), value));
            }
        }
        Value::Object(fields)
    }

    /// A filter of so many texts, where a type has texts and can be one of several.
    pub fn texts(&mut self, ty: &str, count: usize) -> Option<Value> {
        let shape = served().get(ty)?;
        if !shape.fields.contains_key("text") {
            return None;
        }
        let mut one = || self.single("", "text", &shape.fields["text"]);
        if !shape.fields.contains_key("or") {
            return Some(Value::Object(vec![("text".to_owned(), one())]));
        }
        let all = (0..count).map(|_| Value::Object(vec![("text".to_owned(), one())])).collect();
        Some(Value::Object(vec![("or".to_owned(), Value::List(all))]))
    }
}
