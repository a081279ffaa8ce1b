//! Which fragment spreads which, and an order in which each comes after those that it spreads.
//!
//! Only a cycle has no such order. It has no written-out size either, so it is refused here and not by the validator.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use super::{Refusal, code, text::shortened};

type Fragment<'d> = (&'d Name, &'d Positioned<FragmentDefinition>);

/// The fragments of a document, those inside others first.
pub(super) fn innermost_first<'d>(doc: &'d ExecutableDocument, steps: &mut u64) -> Result<Vec<Fragment<'d>>, Refusal> {
    let mut fragments: Vec<Fragment<'d>> = doc.fragments.iter().collect();
    fragments.sort_by_key(|(_, fragment)| fragment.pos);
    let spreads = spreads(&fragments, steps);
    match order(&spreads, steps) {
        Ok(order) => Ok(order.into_iter().map(|number| fragments[number]).collect()),
        Err(number) => {
            let (name, fragment) = fragments[number];
            let message = format!("The fragment `{}` spreads itself.", shortened(name));
            let refusal = Refusal::new(code::VALIDATION_FAILED, message);
            Err(refusal.at(fragment.pos.line, fragment.pos.column))
        }
    }
}

/// By number of a fragment, the numbers of those that it spreads, each once.
fn spreads(fragments: &[Fragment<'_>], steps: &mut u64) -> Vec<Vec<usize>> {
    let numbers: HashMap<&str, usize> = fragments.iter().enumerate().map(|(number, (name, _))| (name.as_str(), number)).collect();
    let spread_by = |(_, fragment): &Fragment<'_>| {
        let mut names = Vec::new();
        collect_names(&fragment.node.selection_set.node, &mut names, steps);
        let mut spread: Vec<usize> = names.iter().filter_map(|name| numbers.get(name).copied()).collect();
        spread.sort_unstable();
        spread.dedup();
        spread
    };
    fragments.iter().map(spread_by).collect()
}

/// Recurses as deeply as braces are nested in one definition, which [`super::check_text`] bounds.
fn collect_names<'d>(set: &'d SelectionSet, names: &mut Vec<&'d str>, steps: &mut u64) {
    for selection in &set.items {
        *steps += 1;
        match &selection.node {
            Selection::Field(field) => collect_names(&field.node.selection_set.node, names, steps),
            Selection::InlineFragment(inline) => {
                collect_names(&inline.node.selection_set.node, names, steps);
            }
            Selection::FragmentSpread(spread) => names.push(&spread.node.fragment_name.node),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Untouched,
    /// On the way from where the search began to where it is.
    Open,
    Done,
}

/// A search in depth, without recursion: fifty fragments may each be the only way to the next. Gives a fragment of a
/// cycle where there is one.
fn order(spreads: &[Vec<usize>], steps: &mut u64) -> Result<Vec<usize>, usize> {
    let mut state = vec![State::Untouched; spreads.len()];
    let mut order = Vec::with_capacity(spreads.len());
    for start in 0..spreads.len() {
        if state[start] != State::Untouched {
            continue;
        }
        let mut path = vec![(start, spreads[start].iter())];
        while let Some((here, inner)) = path.last_mut() {
            *steps += 1;
            state[*here] = State::Open;
            match inner.next() {
                None => {
                    state[*here] = State::Done;
                    order.push(*here);
                    path.pop();
                }
                Some(next) => match state[*next] {
                    State::Done => {}
                    State::Untouched => path.push((*next, spreads[*next].iter())),
                    State::Open => return Err(*next),
                },
            }
        }
    }
    Ok(order)
}
