//! The schema that the server gives out, as plain maps: what the stories look up, compare and discover.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition};
use async_graphql::{Name, Positioned};

use crate::ask;

/// The types of a schema by name.
pub type Schema = BTreeMap<String, Type>;

/// A type of any kind; what a kind does not have is empty.
#[derive(Debug, Default)]
pub struct Type {
    /// Its keyword: `type`, `interface`, `union`, `enum`, `input` or `scalar`.
    pub keyword: &'static str,
    /// What it says of itself.
    pub description: String,
    /// Interfaces that it implements.
    pub implements: Vec<String>,
    /// Members of a union.
    pub members: Vec<String>,
    /// Values of an enum.
    pub values: BTreeMap<String, Part>,
    /// Fields, of an input too.
    pub fields: BTreeMap<String, Part>,
}

/// A field, an argument, a field of an input or a value of an enum.
#[derive(Debug, Default)]
pub struct Part {
    /// Its type, as it is written; empty for a value.
    pub ty: String,
    /// Its default, as it is written; empty where there is none.
    pub default: String,
    /// What it says of itself.
    pub description: String,
    /// Arguments of a field.
    pub arguments: BTreeMap<String, Part>,
}

impl Part {
    /// The name of its type, without brackets and marks.
    pub fn named(&self) -> &str {
        self.ty.trim_matches(['[', ']', '!'])
    }

    /// Whether it has an argument that must be given.
    pub fn must_be_asked(&self) -> bool {
        self.arguments.values().any(|argument| argument.ty.ends_with('!') && argument.default.is_empty())
    }

    /// Whether its type is a list.
    pub fn is_list(&self) -> bool {
        self.ty.starts_with('[')
    }

    /// Whether it is a connection.
    pub fn is_connection(&self) -> bool {
        self.named().ends_with("Connection")
    }
}

/// The schema that the server gives out, read once.
pub fn served() -> &'static Schema {
    static SERVED: OnceLock<Schema> = OnceLock::new();
    SERVED.get_or_init(|| parse(&ask::text("/schema.graphql")))
}

/// The types of `served` that implement `Node`.
pub fn node_types() -> Vec<&'static str> {
    served().iter().filter(|(_, ty)| ty.keyword == "type" && ty.implements.iter().any(|name| name == "Node")).map(|(name, _)| name.as_str()).collect()
}

/// Reads a schema.
pub fn parse(text: &str) -> Schema {
    let document = parse_schema(text).unwrap_or_else(|fault| panic!("the schema does not parse: {fault}"));
    let types = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) => Some(ty.node),
        _ => None,
    });
    types.map(|ty| (ty.name.node.to_string(), read(ty))).collect()
}

fn read(definition: TypeDefinition) -> Type {
    let mut ty = Type { description: text(definition.description), ..Type::default() };
    match definition.kind {
        TypeKind::Scalar => ty.keyword = "scalar",
        TypeKind::Object(object) => {
            ty.keyword = "type";
            ty.implements = names(&object.implements);
            ty.fields = fields(object.fields);
        }
        TypeKind::Interface(interface) => {
            ty.keyword = "interface";
            ty.implements = names(&interface.implements);
            ty.fields = fields(interface.fields);
        }
        TypeKind::Union(union) => {
            ty.keyword = "union";
            ty.members = names(&union.members);
        }
        TypeKind::Enum(values) => {
            ty.keyword = "enum";
            let part = |description| Part { description: text(description), ..Part::default() };
            ty.values = values.values.into_iter().map(|value| (value.node.value.node.to_string(), part(value.node.description))).collect();
        }
        TypeKind::InputObject(input) => {
            ty.keyword = "input";
            ty.fields = inputs(input.fields);
        }
    }
    ty
}

fn text(description: Option<Positioned<String>>) -> String {
    description.map(|description| description.node.trim().to_owned()).unwrap_or_default()
}

fn names(names: &[Positioned<Name>]) -> Vec<String> {
    names.iter().map(|name| name.node.to_string()).collect()
}

fn fields(fields: Vec<Positioned<FieldDefinition>>) -> BTreeMap<String, Part> {
    let part = |field: FieldDefinition| Part {
        ty: field.ty.node.to_string(),
        description: text(field.description),
        arguments: inputs(field.arguments),
        ..Part::default()
    };
    fields.into_iter().map(|field| (field.node.name.node.to_string(), part(field.node))).collect()
}

fn inputs(fields: Vec<Positioned<InputValueDefinition>>) -> BTreeMap<String, Part> {
    let part = |field: InputValueDefinition| Part {
        ty: field.ty.node.to_string(),
        default: field.default_value.map(|value| value.node.to_string()).unwrap_or_default(),
        description: text(field.description),
        ..Part::default()
    };
    fields.into_iter().map(|field| (field.node.name.node.to_string(), part(field.node))).collect()
}
