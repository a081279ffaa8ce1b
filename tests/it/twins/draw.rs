//! Draws operations from the schema: fields, arguments and filters at random, the same ones in every run.

use serde_json::Value;

use crate::sdl::{Part, served};

/// Draws operations.
pub struct Draw {
    state: u64,
    ids: Vec<String>,
    slugs: Vec<String>,
    cursors: Vec<String>,
}

const STATES: &[&str] = &["AFG", "UZB", "KGZ", "MNE", "CHE", "PAK", "QQQ"];
const PARTIES: &[&str] = &["AFG", "UZB", "KGZ", "MNE", "ICMPD", "IOM", "QQQ"];
const GROUPS: &[&str] = &["SILK-ROUTES", "COLEP", "QQQ"];
const ACTIVITIES: &[&str] = &["I.a", "IV.a.ii", "IV.a", "IX.z"];
const FLOWS: &[&str] = &["EAST-MED", "AFG-DEU", "QQQ"];
const WORDS: &[&str] = &["orchard", "return", "secret", "training families", "seedlings", "returnees", "the", "walnut"];

impl Draw {
    /// With the ids and slugs of what is hidden, and of what some see.
    pub fn new(hidden: &[Value], seen: &[Value]) -> Self {
        let all = |field: &str| hidden.iter().chain(seen).filter_map(|practice| practice[field].as_str().map(str::to_owned)).collect();
        Self { state: 0x9e37_79b9_7f4a_7c15, ids: all("id"), slugs: all("slug"), cursors: vec!["00".into()] }
    }

    /// With these ids and slugs, and another beginning.
    pub fn again(practices: &[Value], round: u64) -> Self {
        let mut draw = Self::new(practices, &[]);
        draw.state ^= round.wrapping_mul(0x1234_5678_9abc_def1) + 1;
        draw
    }

    /// Takes cursors and ids out of an answer, to ask on with them.
    pub fn learn(&mut self, answer: &str) {
        let after = |name: &str| answer.split(name).nth(1).and_then(|rest| rest.split('"').nth(1)).map(str::to_owned);
        if let Some(cursor) = after("\"endCursor\":").filter(|cursor| cursor.len() > 20) {
            self.cursors.push(cursor);
            if self.cursors.len() > 50 {
                self.cursors.remove(0);
            }
        }
        if let Some(id) = after("\"id\":").filter(|id| id.len() == 22 && self.ids.len() < 60) {
            self.ids.push(id);
        }
    }

    /// A number below another.
    pub fn below(&mut self, n: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).expect("31 bits") % n.max(1)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// An operation: mostly a query, at times a mutation that must not be told what is there.
    pub fn operation(&mut self) -> String {
        if self.below(20) == 0 {
            let n = self.below(self.ids.len());
            let id = self.ids[n].clone();
            let version = self.below(3);
            let mutation = self.one(&["withdrawGoodPractice", "publishGoodPractice"]);
            return format!(
                r#"mutation {{ {mutation}(input: {{ id: "{id}", ifVersion: {version} }}) {{ goodPractice {{ id title }} errors {{ __typename code message path }} }} }}"#
            );
        }
        self.question()
    }

    /// A query.
    pub fn question(&mut self) -> String {
        let roots = [
            "goodPractices",
            "goodPractice",
            "node",
            "nodes",
            "state",
            "organisation",
            "workingGroup",
            "activity",
            "thematicArea",
            "flow",
            "activities",
            "tasks",
            "viewer",
            "states",
        ];
        let count = 1 + self.below(2);
        let fields: Vec<String> = (0..count)
            .map(|n| {
                let name = self.one(&roots);
                let field = self.field(name, &served()["Query"].fields[name], 4);
                format!("a{n}: {field}")
            })
            .collect();
        format!("{{ {} }}", fields.join(" "))
    }

    fn field(&mut self, name: &str, part: &Part, depth: usize) -> String {
        let mut arguments = Vec::new();
        for (argument, wanted) in &part.arguments {
            let must = wanted.ty.ends_with('!') && wanted.default.is_empty();
            if must || self.below(4) == 0 {
                let value = self.value(name, argument, wanted);
                arguments.push(format!("{argument}: {value}"));
            }
        }
        let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        let selection = self.selection(part.named(), depth);
        format!("{name}{arguments}{selection}")
    }

    fn selection(&mut self, ty: &str, depth: usize) -> String {
        let Some(shape) = served().get(ty) else { return String::new() };
        match shape.keyword {
            "scalar" | "enum" => String::new(),
            "union" => format!(" {{ __typename {} }}", self.narrowed(&shape.members, depth)),
            "interface" => {
                let narrow: Vec<String> =
                    served().iter().filter(|(_, other)| other.implements.iter().any(|name| name == ty)).map(|(name, _)| name.clone()).collect();
                format!(" {{ __typename {} }}", self.narrowed(&narrow, depth))
            }
            _ => {
                let is_frame = ty.ends_with("Connection") || ty.ends_with("Edge");
                let next = if is_frame { depth } else { depth.saturating_sub(1) };
                let usable: Vec<(&String, &Part)> = shape
                    .fields
                    .iter()
                    .filter(|(_, part)| next > 0 || served().get(part.named()).is_none_or(|ty| matches!(ty.keyword, "scalar" | "enum")))
                    .collect();
                if usable.is_empty() {
                    return " { __typename }".to_owned();
                }
                let count = 1 + self.below(4);
                let mut taken = vec!["__typename".to_owned()];
                for n in 0..count {
                    let (name, part) = usable[self.below(usable.len())];
                    let field = self.field(name, part, next);
                    taken.push(format!("f{n}: {field}"));
                }
                format!(" {{ {} }}", taken.join(" "))
            }
        }
    }

    fn narrowed(&mut self, types: &[String], depth: usize) -> String {
        let practice = "GoodPractice".to_owned();
        let ty = if types.contains(&practice) && self.below(2) == 0 { practice } else { types[self.below(types.len())].clone() };
        let selection = self.selection(&ty, depth);
        format!("... on {ty}{selection}")
    }

    fn value(&mut self, field: &str, name: &str, part: &Part) -> String {
        if part.is_list() {
            let count = 1 + self.below(2);
            let all: Vec<String> = (0..count).map(|_| self.single(field, name, part)).collect();
            return format!("[{}]", all.join(", "));
        }
        self.single(field, name, part)
    }

    fn single(&mut self, field: &str, name: &str, part: &Part) -> String {
        let quoted = |text: &str| format!("\"{text}\"");
        let ty = part.named();
        match (ty, name) {
            (_, "iso3" | "states" | "origins" | "destinations" | "transits" | "postedTo") => quoted(self.one(STATES)),
            (_, "owners" | "partners" | "parties" | "hosts" | "members") => quoted(self.one(PARTIES)),
            (_, "activities" | "reference") => quoted(self.one(ACTIVITIES)),
            (_, "flows") => quoted(self.one(FLOWS)),
            (_, "workingGroups" | "groups") => quoted(self.one(GROUPS)),
            (_, "thematicAreas" | "areas" | "numeral") => quoted(self.one(&["I", "IV", "IX"])),
            (_, "goals") => quoted(self.one(&["1.a", "1.d", "9.z"])),
            (_, "text") => quoted(self.one(WORDS)),
            (_, "nameContains") => quoted(self.one(&["stan", "org", "x"])),
            (_, "slug") => {
                let n = self.below(self.slugs.len());
                quoted(&self.slugs[n])
            }
            ("ID", _) => {
                let n = self.below(self.ids.len());
                quoted(&self.ids[n])
            }
            (_, "after" | "before") => {
                let n = self.below(self.cursors.len());
                quoted(&self.cursors[n])
            }
            (_, "first" | "last") => self.one(&["0", "1", "2", "5", "100", "101"]).to_owned(),
            (_, "code") => {
                let codes: &[&str] = match field {
                    "organisation" => &["ICMPD", "IOM", "QQQ"],
                    "workingGroup" => GROUPS,
                    "flow" => FLOWS,
                    _ => &["DECLARATION-2013", "QQQ"],
                };
                quoted(self.one(codes))
            }
            ("PartialDate", _) => quoted(self.one(&["2016", "2020-05", "2025-10-09"])),
            ("Date", _) => quoted(self.one(&["2016-01-01", "2025-10-09", "2026-11-24"])),
            ("Int", _) => self.one(&["1", "3"]).to_owned(),
            ("Boolean", _) => self.one(&["true", "false"]).to_owned(),
            ("String", _) => quoted(self.one(WORDS)),
            _ => self.input_or_word(field, ty),
        }
    }

    fn input_or_word(&mut self, field: &str, ty: &str) -> String {
        let Some(shape) = served().get(ty) else { return "1".to_owned() };
        if shape.keyword == "enum" {
            let values: Vec<&str> = shape.values.keys().map(String::as_str).collect();
            return self.one(&values).to_owned();
        }
        let mut fields = Vec::new();
        let names: Vec<(&String, &Part)> = shape.fields.iter().collect();
        for (name, part) in &names {
            if part.ty.ends_with('!') && part.default.is_empty() {
                let value = self.value(field, name, part);
                fields.push(format!("{name}: {value}"));
            }
        }
        let (name, part) = names[self.below(names.len())];
        // A filter within a filter, but not for ever.
        if !fields.iter().any(|field| field.starts_with(name.as_str())) && (part.named() != ty || self.below(3) == 0) {
            let value = self.value(field, name, part);
            fields.push(format!("{name}: {value}"));
        }
        format!("{{ {} }}", fields.join(", "))
    }
}
