//! Documents as trees that can be changed: drawn from the schema that is served, and written as GraphQL with fragments and
//! variables.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use crate::sdl::{Part, served};

use super::draw::Draw;

/// A value of an argument, written as GraphQL or as JSON.
#[derive(Clone, Debug)]
pub enum Value {
    /// A number, a word of an enum, true or false.
    Word(String),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    fn literal(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Text(text) => json!(text).to_string(),
            Self::List(all) => format!("[{}]", all.iter().map(Self::literal).collect::<Vec<_>>().join(" ")),
            Self::Object(fields) => format!("{{{}}}", fields.iter().map(|(name, value)| format!("{name}:{}", value.literal())).collect::<Vec<_>>().join(" ")),
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Word(word) => serde_json::from_str(word).unwrap_or_else(|_| json!(word)),
            Self::Text(text) => json!(text),
            Self::List(all) => all.iter().map(Self::json).collect(),
            Self::Object(fields) => Json::Object(fields.iter().map(|(name, value)| (name.clone(), value.json())).collect::<Map<_, _>>()),
        }
    }
}

/// A field with what is selected on it.
#[derive(Clone, Debug)]
pub struct Field {
    /// The type that it is asked of, where it must be said.
    pub on: Option<String>,
    pub name: String,
    pub arguments: Vec<(String, Value)>,
    /// Under so many names.
    pub copies: usize,
    pub inside: Vec<Field>,
    /// Whether what is selected stands in a fragment.
    pub is_spread: bool,
    /// Whether filters are variables.
    pub is_variable: bool,
}

impl Field {
    pub fn named(on: Option<&str>, name: &str) -> Self {
        Self { on: on.map(str::to_owned), name: name.to_owned(), arguments: Vec::new(), copies: 1, inside: Vec::new(), is_spread: false, is_variable: false }
    }

    /// How many fields there are in it.
    pub fn len(&self) -> usize {
        1 + self.inside.iter().map(Self::len).sum::<usize>()
    }

    /// The n-th of them with its type.
    pub fn nth(&mut self, part: &'static Part, n: &mut usize) -> Option<(&mut Self, &'static Part)> {
        if *n == 0 {
            return Some((self, part));
        }
        *n -= 1;
        for inside in &mut self.inside {
            let on = inside.on.clone().unwrap_or_else(|| part.named().to_owned());
            let Some(part) = served().get(&on).and_then(|ty| ty.fields.get(&inside.name)) else { continue };
            if inside.len() > *n {
                return inside.nth(part, n);
            }
            *n -= inside.len();
        }
        None
    }
}

/// An operation as it is sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub query: String,
    pub variables: Json,
}

/// What is written beside the operation.
#[derive(Default)]
struct Beside {
    fragments: String,
    declared: String,
    variables: Map<String, Json>,
    names: usize,
}

/// Writes root fields as a document.
pub fn write(roots: &[Field]) -> Sent {
    let mut beside = Beside::default();
    let query = &served()["Query"];
    let mut taken = BTreeSet::new();
    let fields: String = roots.iter().map(|root| field(root, &query.fields[&root.name], &mut taken, &mut beside)).collect();
    let declared = if beside.declared.is_empty() { String::new() } else { format!("query({})", beside.declared) };
    Sent { query: format!("{declared}{{{fields}}}{}", beside.fragments), variables: Json::Object(beside.variables) }
}

/// A field as often as it is asked; `taken` are the names of the fields beside it.
fn field<'a>(written: &'a Field, part: &'static Part, taken: &mut BTreeSet<&'a str>, beside: &mut Beside) -> String {
    let arguments: Vec<String> = written
        .arguments
        .iter()
        .map(|(name, value)| {
            if written.is_variable
                && let Some(argument) = part.arguments.get(name).filter(|argument| argument.named().ends_with("Filter"))
            {
                let variable = format!("v{}", beside.variables.len());
                let _ = write!(beside.declared, "${variable}:{} ", argument.ty);
                beside.variables.insert(variable.clone(), value.json());
                return format!("{name}:${variable}");
            }
            format!("{name}:{}", value.literal())
        })
        .collect();
    let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(" ")) };
    let mut inside = selection(written, part, beside);
    if written.is_spread && !inside.is_empty() {
        let name = format!("F{}", beside.names);
        beside.names += 1;
        let _ = write!(beside.fragments, " fragment {name} on {}{inside}", part.named());
        inside = format!("{{...{name}}}");
    }
    let mut all = String::new();
    for _ in 0..written.copies.max(1) {
        beside.names += 1;
        let alias = if taken.insert(&written.name) { String::new() } else { format!("n{}:", beside.names) };
        let _ = write!(all, "{alias}{}{arguments}{inside} ", written.name);
    }
    match &written.on {
        Some(narrow) => format!("...on {narrow}{{{all}}}"),
        None => all,
    }
}

fn selection(written: &Field, part: &'static Part, beside: &mut Beside) -> String {
    let Some(ty) = served().get(part.named()).filter(|ty| !matches!(ty.keyword, "scalar" | "enum")) else { return String::new() };
    let (mut fields, mut taken) = (String::new(), BTreeSet::new());
    for inside in &written.inside {
        let of = inside.on.as_ref().map_or(ty, |on| &served()[on]);
        if let Some(part) = of.fields.get(&inside.name) {
            fields.push_str(&field(inside, part, &mut taken, beside));
        }
    }
    if fields.is_empty() { "{__typename}".to_owned() } else { format!("{{{fields}}}") }
}

/// Draws a field that can be selected on a type.
pub fn drawn(draw: &mut Draw, on: &str, depth: usize) -> Option<Field> {
    let ty = served().get(on)?;
    if matches!(ty.keyword, "interface" | "union") {
        let narrow: Vec<&String> = if ty.keyword == "union" {
            ty.members.iter().collect()
        } else {
            served().iter().filter(|(_, other)| other.implements.iter().any(|name| name == on)).map(|(name, _)| name).collect()
        };
        let narrow = narrow[draw.below(narrow.len())];
        return drawn(draw, narrow, depth).map(|field| Field { on: Some(narrow.clone()), ..field });
    }
    let is_leaf = |part: &Part| served().get(part.named()).is_none_or(|ty| matches!(ty.keyword, "scalar" | "enum"));
    let usable: Vec<(&String, &Part)> = ty.fields.iter().filter(|(_, part)| depth > 0 || is_leaf(part)).collect();
    let (name, part) = *usable.get(draw.below(usable.len()))?;
    let mut field = Field::named(None, name);
    for (argument, wanted) in &part.arguments {
        if wanted.ty.ends_with('!') && wanted.default.is_empty() || draw.below(4) == 0 {
            field.arguments.push((argument.clone(), draw.value(name, argument, wanted)));
        }
    }
    if !is_leaf(part) {
        let is_frame = part.named().ends_with("Connection") || part.named().ends_with("Edge");
        let below = if is_frame { depth } else { depth.saturating_sub(1) };
        field.inside = (0..=draw.below(3)).filter_map(|_| drawn(draw, part.named(), below)).collect();
    }
    Some(field)
}
