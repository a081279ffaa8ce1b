//! Whether a document would be run, found out without running it: for documents that an operator trusts, which are
//! looked at when the server starts.
//!
//! The executor validates on its way to running, and there is no door between the two; an extension that ends the way
//! there is that door. It belongs to a schema of its own, as an extension would cost every request something.

use std::sync::Arc;

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{EmptySubscription, Request, Schema, ServerError, ValidationResult};
use futures_util::FutureExt as _;

use super::api::{Api, builder, unsupported};
use super::error::{dress, in_order, told_once};
use super::limit::{OperationKind, Refusal, check_text, parse};
use super::mutation::Mutation;
use super::query::Query;

/// What the extension answers where nothing is wrong.
const VALID: &str = "valid";

/// Looks at documents as the executor will, and runs none.
pub struct Validator<'a> {
    api: &'a Api,
    schema: Schema<Query, Mutation, EmptySubscription>,
}

/// Ends the way of a document where it was found valid.
struct Stop;

impl ExtensionFactory for Stop {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Stop {
    async fn validation(&self, ctx: &ExtensionContext<'_>, next: NextValidation<'_>) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await?;
        Err(vec![ServerError::new(VALID, None)])
    }
}

impl<'a> Validator<'a> {
    /// For documents of that API. Near names are told: who reads them has the schema.
    #[must_use]
    pub fn new(api: &'a Api) -> Self {
        Self { api, schema: builder().extension(Stop).finish() }
    }

    /// Looks at a document: its size and shape, and whether the schema has what it asks for.
    ///
    /// # Errors
    /// Everything that is wrong with it, a sentence each, with the operation and the place where they are known.
    pub fn check(&self, text: &str) -> Result<(), Vec<String>> {
        let prepared = self.api.prepare(text).map_err(|refusal| {
            let document = check_text(text, &self.api.limits).and_then(|()| parse(text)).ok();
            vec![told(document.as_ref(), &refusal)]
        })?;
        let document = &prepared.document;
        let mut wrong = Vec::new();
        if document.operations.iter().any(|(_, operation)| operation.node.ty == OperationKind::Subscription) {
            wrong.push(told(Some(document), &unsupported(document)));
        }
        let mut request = Request::new(String::new());
        request.set_parsed_query(document.clone());
        // Nothing on the way there waits.
        let mut errors = self.schema.execute(request).now_or_never().map(|response| response.errors).unwrap_or_default();
        errors.retain(|error| error.message != VALID);
        for error in &mut errors {
            dress(error, false);
        }
        errors.sort_by(in_order);
        told_once(&mut errors);
        errors.dedup_by(|a, b| a.message == b.message && a.locations == b.locations);
        wrong.extend(errors.into_iter().map(|error| {
            let line = error.locations.first().map(|at| (at.line, at.column));
            told(Some(document), &Refusal { code: "", message: error.message, line })
        }));
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

/// A sentence with its place: "operation `Names`, line 2, column 5: …".
fn told(document: Option<&ExecutableDocument>, refusal: &Refusal) -> String {
    let definition = document.zip(refusal.line).and_then(|(document, at)| definition(document, at));
    let place = refusal.line.map(|(line, column)| format!("line {line}, column {column}"));
    let place: Vec<String> = definition.into_iter().chain(place).collect();
    let end = if refusal.message.ends_with(['.', '?']) { "" } else { "." };
    if place.is_empty() { format!("{}{end}", refusal.message) } else { format!("{}: {}{end}", place.join(", "), refusal.message) }
}

/// The operation or fragment that holds a place: the last that begins before it.
fn definition(document: &ExecutableDocument, at: (usize, usize)) -> Option<String> {
    let operations = document.operations.iter().map(|(name, operation)| {
        let name = name.map_or_else(|| "the operation without a name".to_owned(), |name| format!("operation `{name}`"));
        ((operation.pos.line, operation.pos.column), name)
    });
    let fragments = document.fragments.iter().map(|(name, fragment)| ((fragment.pos.line, fragment.pos.column), format!("fragment `{name}`")));
    operations.chain(fragments).filter(|(start, _)| *start <= at).max_by_key(|(start, _)| *start).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::limit::Limits;

    fn check(text: &str) -> Vec<String> {
        let api = Api::new(Limits::default(), false);
        Validator::new(&api).check(text).err().unwrap_or_default()
    }

    #[test]
    fn a_valid_document_is_not_run_whatever_its_variables() {
        for text in [
            "{ states { nodes { iso3 } } }",
            "query A($n: Int!) { states(first: $n) { nodes { ...B } } } fragment B on State { name }",
            "query A { __typename } query B { flows(first: 1) { nodes { code } } }",
            "mutation M($input: DraftGoodPracticeInput!) { draftGoodPractice(input: $input) { errors { code } } }",
        ] {
            assert_eq!(check(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_operation() {
        let text = "query A {\n  states { nodes { iso } }\n}\nquery B {\n  flows(first: \"x\") { nodes { ...C } }\n}\nfragment C on Flow { nothing }\n";
        let wrong = check(text);
        assert_eq!(wrong.len(), 3, "{wrong:#?}");
        assert!(wrong[0].starts_with("operation `A`, line 2, column 20: ") && wrong[0].contains("iso3"), "the near name is told: {wrong:#?}");
        assert!(wrong.iter().any(|told| told.starts_with("operation `B`, line 5") && told.contains("first")), "{wrong:#?}");
        assert!(wrong.iter().any(|told| told.starts_with("fragment `C`, line 7") && told.contains("nothing")), "{wrong:#?}");
        let unused = check("query B($n: Int) { __typename }");
        assert!(unused[0].starts_with("operation `B`, line 1, ") && unused[0].contains("$n"), "{unused:?}");
        assert!(check("{ states").len() == 1 && check("subscription { x }")[0].contains("no subscriptions"));
        assert!(check("{ states { nodes { iso } } }")[0].starts_with("the operation without a name, line 1, "));
        assert!(wrong.iter().all(|told| told.ends_with(['.', '?'])), "{wrong:#?}");
    }
}
