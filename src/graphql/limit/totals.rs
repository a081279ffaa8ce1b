//! Sizes of operations with their fragments written out, and the limits on them.
//!
//! Nothing is ever written out: the sizes of a set are sums and maxima of those of the sets inside it. Sums saturate,
//! so thirty fragments that each spread the next one twice are a large number and not a long walk.

use async_graphql::Name;

use super::{
    Limits, Refusal, code,
    outline::{Item, Outline},
    text::shortened,
};

/// Sizes of a selection set with fragments written out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Fields, spreads and inline fragments, at all levels.
    pub selections: usize,
    /// Aliases, at all levels.
    pub aliases: usize,
    /// Fields on this level.
    pub fields: usize,
    /// Fields within each other; under `__schema` and `__type` only the field itself.
    pub depth: usize,
    /// Fields within each other from `__schema` and `__type` on.
    pub introspection_depth: usize,
    /// Selection sets within each other, this one included.
    pub nesting: usize,
}

/// The totals of each set.
pub(super) fn of(outline: &Outline) -> Vec<Totals> {
    let mut all: Vec<Totals> = Vec::with_capacity(outline.sets.len());
    for set in &outline.sets {
        let mut sum = Totals::default();
        for item in &set.items {
            sum.add(match *item {
                Item::Inside(inside) => all[inside],
                Item::Field(field) => {
                    let field = &outline.fields[field];
                    let inside = field.set.map_or_else(Totals::default, |set| all[set]);
                    let introspection = field.introspection;
                    Totals {
                        aliases: inside.aliases.saturating_add(field.aliased.into()),
                        fields: 1,
                        depth: if introspection { 1 } else { inside.depth + 1 },
                        introspection_depth: if introspection { inside.depth + 1 } else { inside.introspection_depth },
                        ..inside
                    }
                }
            });
        }
        sum.nesting += 1;
        all.push(sum);
    }
    all
}

impl Totals {
    /// Takes in a field, spread or inline fragment with what is inside it.
    fn add(&mut self, item: Self) {
        self.selections = self.selections.saturating_add(item.selections).saturating_add(1);
        self.aliases = self.aliases.saturating_add(item.aliases);
        self.fields = self.fields.saturating_add(item.fields);
        self.depth = self.depth.max(item.depth);
        self.introspection_depth = self.introspection_depth.max(item.introspection_depth);
        self.nesting = self.nesting.max(item.nesting);
    }
}

/// The limits that every operation of a document must keep, whichever of them runs: validation walks through all.
pub(super) fn check(name: Option<&Name>, totals: Totals, limits: &Limits) -> Result<(), Refusal> {
    let named = name.map_or_else(|| "The operation".to_owned(), |name| format!("The operation `{}`", shortened(name)));
    let checks = [
        (totals.selections, limits.selections, code::LIMIT_COST, "selections"),
        (totals.aliases, limits.aliases, code::LIMIT_ALIASES, "aliases"),
        (totals.nesting, limits.expanded_nesting, code::LIMIT_DEPTH, "selections within each other"),
    ];
    for (count, limit, code, what) in checks {
        if count > limit {
            let message = format!("{named} has more than {limit} {what} when its fragments are written out.");
            return Err(Refusal::new(code, message));
        }
    }
    Ok(())
}

/// The limits that concern only the operation that runs.
pub(super) fn check_selected(totals: Totals, limits: &Limits) -> Result<(), Refusal> {
    let checks = [
        (totals.fields, limits.root_fields, code::LIMIT_COST, "root fields"),
        (totals.depth, limits.depth, code::LIMIT_DEPTH, "fields within each other"),
        (totals.introspection_depth, limits.introspection_depth, code::LIMIT_DEPTH, "introspection fields within each other"),
    ];
    for (count, limit, code, what) in checks {
        if count > limit {
            let message = format!("The operation has {count} {what}; {limit} are allowed.");
            return Err(Refusal::new(code, message));
        }
    }
    Ok(())
}
