//! What the look at a document needs to know of the schema, made once from its SDL.
//!
//! Types and fields are numbered or kept with what is asked of them: which fields a type has, which objects an
//! abstract type may stand for, whether two results can be merged, and how many records a field may read.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Value,
    parser::{
        self, parse_schema,
        types::{BaseType, FieldDefinition, InputValueDefinition, ServiceDocument, Type, TypeKind, TypeSystemDefinition},
    },
};

/// Of a bounded list nothing is known but that it is short: it counts as many as a page that names no size.
pub(super) const USUAL_PAGE: u64 = 20;

/// A type of the schema, by number.
pub(in crate::graphql) type TypeId = usize;

/// The schema as the look at a document sees it.
#[derive(Debug, Default)]
pub struct Shape {
    types: Vec<TypeShape>,
    by_name: HashMap<Name, TypeId>,
    roots: [Option<TypeId>; 3],
    /// The fields of input objects, by the names of type and field.
    inputs: HashMap<Name, HashMap<Name, Place>>,
    /// Scalars and enums: with the input objects, all that a variable can be.
    scalars: HashSet<Name>,
    /// What `@skip` and `@include` are asked.
    condition: Place,
    /// Whether the SDL could be read.
    legible: bool,
}

/// A type and what selecting from it can mean.
#[derive(Debug)]
struct TypeShape {
    kind: Kind,
    /// The objects that a value of this type may be, in ascending order; of an object itself alone.
    possible: Vec<TypeId>,
    fields: HashMap<Name, FieldShape>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Leaf,
    Object,
    Abstract,
}

/// What a field answers, for those who read answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::graphql) enum Answers {
    /// A value, or a list of values.
    Leaf,
    /// One object.
    One,
    /// A list of objects that is whole.
    List,
    /// A page of a list.
    Connection,
}

/// A field of a type.
#[derive(Clone, Debug)]
pub(super) struct FieldShape {
    /// The named type of its result, lists and `!` taken off.
    pub ty: TypeId,
    /// Equal for two fields exactly where the specification's `SameResponseShape` holds for their own types.
    pub response: String,
    /// As the schema writes it, for messages.
    pub written: String,
    pub reads: Reads,
    /// What it takes beside the records that it reads, counted in records: sums over millions, and models.
    pub work: u64,
    /// What it can be given.
    pub arguments: HashMap<Name, Place>,
}

/// Where a value can stand: an argument, or a field of an input object.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// What is wanted there.
    pub ty: Type,
    /// Whether something stands there where nothing is given.
    pub has_default: bool,
}

impl Default for Place {
    /// A condition.
    fn default() -> Self {
        Self { ty: Type { base: BaseType::Named(Name::new("Boolean")), nullable: false }, has_default: false }
    }
}

impl Place {
    fn of(value: &InputValueDefinition) -> Self {
        Self { ty: value.ty.node.clone(), has_default: value.default_value.is_some() }
    }
}

/// What these fields take beside the records that they read. A record is some microseconds: a sum over a measure
/// takes as long as ten thousand, a forecast, which fits a hundred models, as five thousand; what is related to a practice
/// is found among many.
const WORK: [(&str, &str, u64); 17] = [
    ("Query", "figures", 10_000),
    ("Query", "observations", 5_000),
    ("Query", "flowMatrix", 2_000),
    ("State", "inflows", 2_000),
    ("State", "outflows", 2_000),
    ("State", "series", 100),
    ("Flow", "series", 100),
    ("Series", "forecast", 5_000),
    ("GoodPractice", "related", 20),
    // Long texts, from the database.
    ("GoodPractice", "body", 2),
    ("Recital", "officialText", 2),
    ("Commitment", "officialText", 2),
    ("Mandate", "officialText", 2),
    ("PriorityGoal", "officialText", 2),
    ("ThematicArea", "officialText", 2),
    ("Activity", "officialText", 2),
    ("Flow", "observations", 2),
];

/// How many records a field reads each time that it is asked, and so how often what is selected on it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// None: a leaf, a value that is part of its record, or a part of a connection, which itself is counted.
    Nothing,
    /// One record of its own.
    Record,
    /// A list that takes no size.
    List(u64),
    /// As many as `first`, `last` or `ids` asks for, else this many.
    Page(u64),
}

/// The part of the schema that every schema has, and no SDL shows. None of it is a record: only lists count.
const INTROSPECTION: &str = "
type __Schema { description: String types: [__Type!]! queryType: __Type! mutationType: __Type subscriptionType: __Type
  directives: [__Directive!]! }
type __Type { kind: __TypeKind! name: String description: String specifiedByURL: String isOneOf: Boolean
  fields(includeDeprecated: Boolean): [__Field!] interfaces: [__Type!] possibleTypes: [__Type!]
  enumValues(includeDeprecated: Boolean): [__EnumValue!] inputFields(includeDeprecated: Boolean): [__InputValue!]
  ofType: __Type }
type __Field { name: String! description: String args(includeDeprecated: Boolean): [__InputValue!]! type: __Type!
  isDeprecated: Boolean! deprecationReason: String }
type __InputValue { name: String! description: String type: __Type! defaultValue: String isDeprecated: Boolean!
  deprecationReason: String }
type __EnumValue { name: String! description: String isDeprecated: Boolean! deprecationReason: String }
type __Directive { name: String! description: String isRepeatable: Boolean! locations: [__DirectiveLocation!]!
  args(includeDeprecated: Boolean): [__InputValue!]! }
enum __TypeKind { SCALAR } enum __DirectiveLocation { QUERY }
type __Root { __schema: __Schema! __type(name: String!): __Type __typename: String! }
";

impl Shape {
    /// Reads the SDL that the schema itself exports.
    ///
    /// That can always be read. If it ever could not, no budget could be held: then every document is refused.
    #[must_use]
    pub fn from_sdl(sdl: &str) -> Self {
        Self::read(sdl).unwrap_or_default()
    }

    /// Whether there is a schema to hold a document against.
    pub(super) fn is_legible(&self) -> bool {
        self.legible
    }

    fn read(sdl: &str) -> Result<Self, parser::Error> {
        let documents = [parse_schema(INTROSPECTION)?, parse_schema(sdl)?];
        let mut shape = Self { legible: true, ..Self::default() };
        for scalar in ["String", "Int", "Float", "Boolean", "ID"] {
            shape.declare(&Name::new(scalar), Kind::Leaf);
            shape.scalars.insert(Name::new(scalar));
        }
        for document in &documents {
            shape.declare_types(document);
        }
        for document in &documents {
            shape.relate_types(document);
        }
        for document in &documents {
            shape.add_fields(document);
            shape.find_roots(document);
        }
        shape.add_meta_fields();
        Ok(shape)
    }

    /// The root type of operations of a kind: query, mutation, subscription.
    pub(in crate::graphql) fn root(&self, kind: super::OperationKind) -> Option<TypeId> {
        match kind {
            super::OperationKind::Query => self.roots[0],
            super::OperationKind::Mutation => self.roots[1],
            super::OperationKind::Subscription => self.roots[2],
        }
    }

    pub(in crate::graphql) fn type_named(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    pub(super) fn field(&self, on: TypeId, name: &str) -> Option<&FieldShape> {
        self.types.get(on)?.fields.get(name)
    }

    /// What a field of a type answers, and of which type; none where there is no such field.
    pub(in crate::graphql) fn answers(&self, on: TypeId, name: &str) -> Option<(Answers, TypeId)> {
        let field = self.field(on, name)?;
        let answers = if self.kind(field.ty) == Kind::Leaf {
            Answers::Leaf
        } else if is_connection(field.written.trim_end_matches('!')) {
            Answers::Connection
        } else if field.written.contains('[') {
            Answers::List
        } else {
            Answers::One
        };
        Some((answers, field.ty))
    }

    /// What a field takes beside the records that it reads, in records.
    pub(in crate::graphql) fn work(&self, on: TypeId, name: &str) -> u64 {
        self.field(on, name).map_or(0, |field| field.work)
    }

    /// What the conditions of directives are.
    pub(super) const fn condition(&self) -> &Place {
        &self.condition
    }

    /// The field of an input object.
    pub(super) fn input(&self, on: &str, name: &str) -> Option<&Place> {
        self.inputs.get(on)?.get(name)
    }

    /// Whether the schema has a type of that name, and whether a variable can be one.
    pub(super) fn input_type(&self, name: &str) -> (bool, bool) {
        (self.by_name.contains_key(name), self.scalars.contains(name) || self.inputs.contains_key(name))
    }

    pub(super) fn possible(&self, ty: TypeId) -> &[TypeId] {
        self.types.get(ty).map_or(&[], |ty| &ty.possible)
    }

    pub(super) fn is_object(&self, ty: TypeId) -> bool {
        self.kind(ty) == Kind::Object
    }

    fn kind(&self, ty: TypeId) -> Kind {
        self.types.get(ty).map_or(Kind::Leaf, |ty| ty.kind)
    }

    fn declare(&mut self, name: &Name, kind: Kind) {
        let id = self.types.len();
        if *self.by_name.entry(name.clone()).or_insert(id) == id {
            let possible = if kind == Kind::Object { vec![id] } else { Vec::new() };
            self.types.push(TypeShape { kind, possible, fields: HashMap::new() });
        }
    }

    fn declare_types(&mut self, document: &ServiceDocument) {
        for definition in &document.definitions {
            if let TypeSystemDefinition::Type(definition) = definition {
                let name = &definition.node.name.node;
                let kind = match &definition.node.kind {
                    TypeKind::Object(_) => Kind::Object,
                    TypeKind::Interface(_) | TypeKind::Union(_) => Kind::Abstract,
                    TypeKind::Scalar | TypeKind::Enum(_) => {
                        self.scalars.insert(name.clone());
                        Kind::Leaf
                    }
                    TypeKind::InputObject(input) => {
                        let fields = input.fields.iter().map(|field| (field.node.name.node.clone(), Place::of(&field.node)));
                        self.inputs.insert(name.clone(), fields.collect());
                        Kind::Leaf
                    }
                };
                self.declare(name, kind);
            }
        }
    }

    /// Which objects an interface or union may be.
    fn relate_types(&mut self, document: &ServiceDocument) {
        for definition in &document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let name = &definition.node.name.node;
            let pairs: Vec<(&Name, &Name)> = match &definition.node.kind {
                TypeKind::Object(object) => object.implements.iter().map(|interface| (&interface.node, name)).collect(),
                TypeKind::Union(union) => union.members.iter().map(|member| (name, &member.node)).collect(),
                _ => Vec::new(),
            };
            for (wide, narrow) in pairs {
                if let (Some(&wide), Some(&narrow)) = (self.by_name.get(wide), self.by_name.get(narrow)) {
                    let possible = &mut self.types[wide].possible;
                    if let Err(index) = possible.binary_search(&narrow) {
                        possible.insert(index, narrow);
                    }
                }
            }
        }
    }

    fn add_fields(&mut self, document: &ServiceDocument) {
        let edges = edge_types(document);
        for definition in &document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let name = definition.node.name.node.as_str();
            let fields = match &definition.node.kind {
                TypeKind::Object(object) => &object.fields,
                TypeKind::Interface(interface) => &interface.fields,
                _ => continue,
            };
            let part_of_page = |field: &str| match field {
                "edges" | "nodes" | "pageInfo" => is_connection(name),
                "node" => edges.contains(&name),
                _ => false,
            };
            for field in fields {
                let reads = part_of_page(&field.node.name.node).then_some(Reads::Nothing);
                let (Some(&on), Some(mut field_shape)) = (self.by_name.get(name), self.field_shape(&field.node, reads)) else {
                    continue;
                };
                let is_it = |(ty, of, _): &&(&str, &str, u64)| *ty == name && *of == field.node.name.node;
                field_shape.work = WORK.iter().find(is_it).map_or(0, |(.., work)| *work);
                self.types[on].fields.insert(field.node.name.node.clone(), field_shape);
            }
        }
    }

    fn field_shape(&self, field: &FieldDefinition, reads: Option<Reads>) -> Option<FieldShape> {
        let written = field.ty.node.to_string();
        let named = innermost(&field.ty.node);
        let ty = self.type_named(named)?;
        let leaf = self.kind(ty) == Kind::Leaf;
        // Two objects of whatever types merge; two leaves only where they are the same.
        let response = if leaf { written.clone() } else { written.replace(named, "{}") };
        let reads = if leaf { Reads::Nothing } else { reads.unwrap_or_else(|| self.reads(field, ty)) };
        let arguments = field.arguments.iter().map(|argument| (argument.node.name.node.clone(), Place::of(&argument.node))).collect();
        Some(FieldShape { ty, response, written, reads, work: 0, arguments })
    }

    fn reads(&self, field: &FieldDefinition, ty: TypeId) -> Reads {
        let argument = |name: &str| field.arguments.iter().find(|argument| argument.node.name.node == name);
        let lists = list_depth(&field.ty.node);
        if lists == 0 && !is_connection(innermost(&field.ty.node)) {
            return if self.is_record(ty) { Reads::Record } else { Reads::Nothing };
        }
        let default = argument("first").and_then(|argument| argument.node.default_value.as_ref());
        match default.map(|default| &default.node) {
            Some(Value::Number(number)) => Reads::Page(number.as_u64().unwrap_or(USUAL_PAGE)),
            _ if lists == 0 || ["first", "last", "ids"].into_iter().any(|name| argument(name).is_some()) => Reads::Page(USUAL_PAGE),
            _ => Reads::List(USUAL_PAGE.saturating_pow(lists)),
        }
    }

    /// Whether a value of this type may be a record, that is a `Node`.
    fn is_record(&self, ty: TypeId) -> bool {
        let nodes = self.type_named("Node").map_or(&[][..], |node| self.possible(node));
        self.possible(ty).iter().any(|possible| nodes.contains(possible))
    }

    fn find_roots(&mut self, document: &ServiceDocument) {
        let mut names = ["Query", "Mutation", "Subscription"].map(Name::new);
        for definition in &document.definitions {
            if let TypeSystemDefinition::Schema(schema) = definition {
                let said = [&schema.node.query, &schema.node.mutation, &schema.node.subscription];
                for (name, said) in names.iter_mut().zip(said) {
                    if let Some(said) = said {
                        *name = said.node.clone();
                    }
                }
            }
        }
        self.roots = names.map(|name| self.type_named(&name));
    }

    /// `__typename` on everything that is selected from, `__schema` and `__type` on the query root.
    fn add_meta_fields(&mut self) {
        let Some(meta) = self.type_named("__Root").map(|root| self.types[root].fields.clone()) else {
            return;
        };
        let query = self.roots[0];
        for (id, ty) in self.types.iter_mut().enumerate().filter(|(_, ty)| ty.kind != Kind::Leaf) {
            let wanted = meta.iter().filter(|(name, _)| Some(id) == query || *name == "__typename");
            ty.fields.extend(wanted.map(|(name, field)| (name.clone(), field.clone())));
        }
    }
}

fn is_connection(type_name: &str) -> bool {
    type_name.ends_with("Connection")
}

/// The types of the edges of connections, whose `node` is counted with the connection.
fn edge_types(document: &ServiceDocument) -> Vec<&str> {
    let mut found = Vec::new();
    for definition in &document.definitions {
        if let TypeSystemDefinition::Type(definition) = definition
            && let TypeKind::Object(object) = &definition.node.kind
            && is_connection(&definition.node.name.node)
        {
            let edges = object.fields.iter().filter(|field| field.node.name.node == "edges");
            found.extend(edges.map(|field| innermost(&field.node.ty.node)));
        }
    }
    found
}

fn innermost(ty: &Type) -> &str {
    let mut ty = ty;
    loop {
        match &ty.base {
            BaseType::Named(name) => return name,
            BaseType::List(inner) => ty = inner,
        }
    }
}

fn list_depth(ty: &Type) -> u32 {
    let (mut ty, mut depth) = (ty, 0);
    while let BaseType::List(inner) = &ty.base {
        ty = inner;
        depth += 1;
    }
    depth
}
