//! The document, resolved against the schema and numbered so that what is inside always comes first.
//!
//! Every selection set of the document has a number here, and a spread or inline fragment in it is nothing but the
//! number of another set. A set is numbered after all the sets inside it, those of fragments that it spreads included;
//! so whatever is counted over a document (sizes, depths, costs) is one loop over the sets, in which each finds what
//! it needs already counted. That is how fragments come to be looked at once, and why no count recurses.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
};

use async_graphql::{
    Name, Positioned, Value,
    parser::types::{Directive, ExecutableDocument, Field as WrittenField, FragmentDefinition, OperationDefinition, Selection, SelectionSet},
};

use super::{
    Limits, Refusal,
    budget::Asked,
    code,
    shape::{FieldShape, Shape, TypeId},
    spreads, typename,
    usage::{self, Usage, Uses},
    values::{self, OpenFilter},
    variables,
};

/// A selection set of the document, by number.
pub(super) type SetId = usize;
/// A field as written in one place of the document, by number.
pub(super) type FieldId = usize;
/// A name, or a field with its arguments, by number: equal numbers are equal texts.
pub(super) type TextId = usize;

/// A value with variables as [`values::variable`] reads them. No function, as the library does not tell the type of such
/// values.
macro_rules! constant {
    ($value:expr) => {{
        let Ok(constant) = $value.node.clone().into_const_with(|name| Ok::<_, Infallible>(values::variable_value(&name)));
        Positioned::new(constant, $value.pos)
    }};
}

/// The document as the counts see it.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub sets: Vec<Set>,
    pub fields: Vec<Field>,
    /// In the order in which they stand in the document.
    pub operations: Vec<Operation>,
    /// What the numbers of names and signatures stand for.
    pub texts: Vec<Box<str>>,
    /// `filter` arguments that hold variables, and so can only be counted with them.
    pub filters: Vec<OpenFilter>,
    pub steps: u64,
}

#[derive(Debug)]
pub(super) struct Set {
    /// The type that is selected from; none where the schema does not know it.
    pub parent: Option<TypeId>,
    pub items: Vec<Item>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    Field(FieldId),
    /// A spread or an inline fragment.
    Inside(SetId),
}

#[derive(Debug)]
pub(super) struct Field {
    /// The name under which it answers.
    pub key: TextId,
    pub name: TextId,
    /// The name with its arguments in a fixed order.
    pub signature: TextId,
    pub parent: Option<TypeId>,
    /// What is selected on it.
    pub set: Option<SetId>,
    pub aliased: bool,
    /// `__schema` or `__type` of the query root.
    pub introspection: bool,
    /// The page size that its arguments name.
    pub asked: Asked,
    pub line: usize,
    pub column: usize,
}

#[derive(Debug)]
pub(super) struct Operation {
    pub name: Option<Name>,
    pub set: SetId,
}

impl Outline {
    /// Reads the document; refuses what has too many parts, or fragments without end. Tells where variables stand.
    pub fn of<'d>(doc: &'d ExecutableDocument, shape: &'d Shape, limits: &'d Limits) -> Result<(Self, Usage<'d>), Refusal> {
        let counts = [(doc.operations.iter().len(), limits.operations, "operations"), (doc.fragments.len(), limits.fragments, "fragments")];
        for (count, limit, what) in counts {
            if count > limit {
                let message = format!("The document holds {count} {what}; {limit} are allowed.");
                return Err(Refusal::new(code::LIMIT_TOKENS, message));
            }
        }
        let mut reader = Reader {
            shape,
            limits,
            fragments: HashMap::new(),
            texts: HashMap::new(),
            aliases: 0,
            uses: Uses::default(),
            usage: Usage::default(),
            out: Self::default(),
        };
        for (name, fragment) in spreads::innermost_first(doc, &mut reader.out.steps)? {
            reader.fragment(name, &fragment.node)?;
        }
        let mut operations: Vec<_> = doc.operations.iter().collect();
        operations.sort_by_key(|(_, operation)| operation.pos);
        for (name, operation) in operations {
            reader.operation(name, &operation.node)?;
        }
        Ok((reader.out, reader.usage))
    }

    pub fn text(&self, id: TextId) -> &str {
        self.texts.get(id).map_or("", |text| text)
    }

    /// Whether a root set selects nothing but `__schema`, `__type` and `__typename`.
    pub fn introspection_only(&self, root: SetId) -> bool {
        let mut seen = HashSet::from([root]);
        let mut open = vec![root];
        while let Some(set) = open.pop() {
            for item in &self.sets[set].items {
                match *item {
                    Item::Field(field) if !self.text(self.fields[field].name).starts_with("__") => {
                        return false;
                    }
                    Item::Field(_) => {}
                    Item::Inside(inside) => {
                        if seen.insert(inside) {
                            open.push(inside);
                        }
                    }
                }
            }
        }
        true
    }
}

struct Reader<'d> {
    shape: &'d Shape,
    limits: &'d Limits,
    fragments: HashMap<&'d str, SetId>,
    texts: HashMap<String, TextId>,
    aliases: usize,
    /// Of the definition that is being read.
    uses: Uses<'d>,
    usage: Usage<'d>,
    out: Outline,
}

impl<'d> Reader<'d> {
    fn fragment(&mut self, name: &'d str, fragment: &'d FragmentDefinition) -> Result<(), Refusal> {
        self.directives(&fragment.directives)?;
        let parent = self.shape.type_named(&fragment.type_condition.node.on.node);
        let set = self.set(parent, &fragment.selection_set.node)?;
        self.fragments.insert(name, set);
        self.usage.fragments.insert(name, std::mem::take(&mut self.uses));
        Ok(())
    }

    fn operation(&mut self, name: Option<&Name>, operation: &'d OperationDefinition) -> Result<(), Refusal> {
        self.directives(&operation.directives)?;
        for variable in &operation.variable_definitions {
            self.directives(&variable.node.directives)?;
            if let Some(default) = &variable.node.default_value {
                self.value(default)?;
            }
        }
        let set = self.set(self.shape.root(operation.ty), &operation.selection_set.node)?;
        self.usage.operations.push((operation, std::mem::take(&mut self.uses)));
        self.out.operations.push(Operation { name: name.cloned(), set });
        Ok(())
    }

    /// Recurses as deeply as braces are nested in one definition, which [`super::check_text`] bounds.
    fn set(&mut self, parent: Option<TypeId>, set: &'d SelectionSet) -> Result<SetId, Refusal> {
        let mut items = Vec::with_capacity(set.items.len());
        for selection in &set.items {
            self.out.steps += 1;
            match &selection.node {
                Selection::Field(field) if field.node.name.node == "__typename" => self.typename(field)?,
                other => self.directives(other.directives())?,
            }
            match &selection.node {
                Selection::Field(field) => items.push(Item::Field(self.field(parent, field)?)),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let on = condition.map_or(parent, |condition| self.shape.type_named(&condition.node.on.node));
                    items.push(Item::Inside(self.set(on, &inline.node.selection_set.node)?));
                }
                // An unknown fragment is the validator's to refuse.
                Selection::FragmentSpread(spread) => {
                    self.uses.spreads.push(&spread.node.fragment_name.node);
                    items.extend(self.fragments.get(spread.node.fragment_name.node.as_str()).map(|set| Item::Inside(*set)));
                }
            }
        }
        self.out.sets.push(Set { parent, items });
        Ok(self.out.sets.len() - 1)
    }

    fn field(&mut self, parent: Option<TypeId>, field: &'d Positioned<WrittenField>) -> Result<FieldId, Refusal> {
        let written = &field.node;
        let name = written.name.node.as_str();
        let arguments = self.arguments(written, parent.and_then(|parent| self.shape.field(parent, name)))?;
        if written.alias.is_some() {
            self.aliases += 1;
            if self.aliases > self.limits.aliases {
                let message = format!("The document holds more than {} aliases.", self.limits.aliases);
                return Err(Refusal::new(code::LIMIT_ALIASES, message).at(field.pos.line, field.pos.column));
            }
        }
        let on = parent.and_then(|parent| self.shape.field(parent, name)).map(|field| field.ty);
        let set = if written.selection_set.node.items.is_empty() { None } else { Some(self.set(on, &written.selection_set.node)?) };
        let root = self.shape.root(super::OperationKind::Query);
        let name_id = self.text(name);
        let field = Field {
            key: self.text(&written.response_key().node),
            name: name_id,
            signature: if arguments.is_empty() { name_id } else { self.text(&values::signature(name, &arguments)) },
            parent,
            set,
            aliased: written.alias.is_some(),
            introspection: parent.is_some() && parent == root && matches!(name, "__schema" | "__type"),
            asked: Asked::by(&arguments),
            line: field.pos.line,
            column: field.pos.column,
        };
        self.out.fields.push(field);
        Ok(self.out.fields.len() - 1)
    }

    /// The arguments with variables as [`values::variable`] reads them; list lengths and filters are held on the way.
    fn arguments(&mut self, field: &WrittenField, known: Option<&'d FieldShape>) -> Result<Vec<(Name, Value)>, Refusal> {
        let mut arguments = Vec::with_capacity(field.arguments.len());
        for (name, value) in &field.arguments {
            let value = constant!(value);
            self.value(&value)?;
            let place = known.and_then(|field| field.arguments.get(&name.node));
            usage::find(&value, place, self.shape, &mut self.uses.places);
            variables::check_argument(&name.node, &value)?;
            if name.node == "filter"
                && let Some(open) = values::check_filter(&value, self.limits)?
            {
                self.out.filters.push(open);
            }
            arguments.push((name.node.clone(), value.node));
        }
        Ok(arguments)
    }

    /// What the executor's validation does not look at.
    fn typename(&mut self, field: &'d Positioned<WrittenField>) -> Result<(), Refusal> {
        typename::check(field)?;
        for (_, value) in field.node.directives.iter().flat_map(|directive| &directive.node.arguments) {
            let value = constant!(value);
            typename::check_condition(&value)?;
            usage::find_declared(&value, self.shape.condition(), self.shape, &mut self.uses.places);
        }
        Ok(())
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) -> Result<(), Refusal> {
        for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
            let value = constant!(value);
            self.value(&value)?;
            // The directives that there are, are for the validator to know.
            usage::find(&value, None, self.shape, &mut self.uses.places);
        }
        Ok(())
    }

    fn value(&mut self, value: &Positioned<Value>) -> Result<(), Refusal> {
        values::check_lists(value, self.limits, &mut self.out.steps)
    }

    fn text(&mut self, text: &str) -> TextId {
        if let Some(known) = self.texts.get(text) {
            return *known;
        }
        let next = self.out.texts.len();
        self.out.texts.push(text.into());
        self.texts.insert(text.to_owned(), next);
        next
    }
}
