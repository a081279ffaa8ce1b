//! The schema and the helpers that the tests of the look at documents share.

mod bounds;
mod costs;
mod merging;
mod random;
mod reference;
mod storms;
mod words;

use std::sync::LazyLock;

use async_graphql::Variables;

use super::{Analysis, Inspected, Limits, Refusal, Shape, analyse, check_text, check_variables, inspect, parse};

/// Small, but with one of each kind: interface, union, connection, bounded list, list of ids, filter, mutation.
const SDL: &str = r"
schema { query: Query mutation: Mutation }
interface Node { id: ID! }
interface Party implements Node {
  id: ID! code: String! name(language: Language! = EN): String! size: Int
  groups(first: Int, after: String, last: Int, before: String): GroupConnection!
  parent: Party
}
type State implements Node & Party {
  id: ID! code: String! name(language: Language! = EN): String! size: Int iso2: String! rank: Int! centre: Centre
  groups(first: Int, after: String, last: Int, before: String): GroupConnection!
  parent: State borders: [State!]!
}
type Organisation implements Node & Party {
  id: ID! code: String! name(language: Language! = EN): String! size: Int role: String rank: String
  groups(first: Int, after: String, last: Int, before: String): GroupConnection!
  parent: Party state: State
}
type Centre { latitude: Float! longitude: Float! }
type Group implements Node {
  id: ID! code: String! focus: [State!]!
  members(first: Int, after: String, last: Int, before: String): PartyConnection!
  related(first: Int! = 5): [Related!]!
}
type Related { group: Group! score: Float! }
type GroupConnection { edges: [GroupEdge!]! nodes: [Group!]! pageInfo: PageInfo! totalCount: Int! }
type GroupEdge { cursor: String! node: Group! role: String }
type PartyConnection { edges: [PartyEdge!]! nodes: [Party!]! pageInfo: PageInfo! totalCount: Int! }
type PartyEdge { cursor: String! node: Party! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
union Subject = State | Organisation
enum Language { EN TR }
input PartyFilter { codes: [String!] text: String and: [PartyFilter!] or: [PartyFilter!] not: PartyFilter }
type Query {
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  party(code: String): Party
  subject: Subject
  state(code: String): State
  parties(filter: PartyFilter, first: Int, after: String, last: Int, before: String): PartyConnection!
  groups(first: Int, after: String, last: Int, before: String): GroupConnection!
}
type Mutation { rename(code: String!, name: String!): State }
";

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::from_sdl(SDL));

/// All stages, as the server runs them.
fn look_at(text: &str, operation: Option<&str>, variables: &str, limits: &Limits) -> Result<Inspected, Refusal> {
    check_text(text, limits)?;
    let doc = parse(text)?;
    check_variables(variables, limits)?;
    let variables: Variables = serde_json::from_str(variables).unwrap();
    inspect(&doc, operation, &variables, &SHAPE, limits)
}

fn look(text: &str) -> Result<Inspected, Refusal> {
    look_at(text, None, "{}", &Limits::default())
}

#[track_caller]
fn accepted(text: &str) -> Inspected {
    look(text).unwrap_or_else(|refusal| panic!("{refusal:?}\n{text}"))
}

fn analysed(text: &str) -> Analysis {
    analyse(&parse(text).unwrap(), &SHAPE, &Limits::default()).unwrap()
}

#[track_caller]
fn refused(text: &str) -> Refusal {
    look(text).expect_err(text)
}
