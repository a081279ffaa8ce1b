//! The columns of a file: what stands above the list, what was asked of its rows, and of figures whose they are.

use std::collections::HashSet;

use crate::graphql::export::cite::Cited;
use crate::graphql::export::{Cell, Column, Page, Plan};

/// What a row of figures says of its source, where the operation gives no column of that name itself.
const CITED: [&str; 4] = ["sourceCode", "unit", "licence", "citation"];

/// The columns.
#[derive(Debug)]
pub struct Table {
    constants: Vec<(String, Cell)>,
    columns: Vec<Column>,
    cited: Vec<&'static str>,
}

impl Table {
    /// Those of a file that begins with this page.
    pub fn of(plan: &Plan, first: &Page) -> Self {
        let constants: Vec<_> = plan.constants().iter().map(|column| column.name.clone()).zip(first.constants.iter().cloned()).collect();
        let columns = plan.columns().to_vec();
        // Of a nested object the row says nothing under the name of the object itself, but NDJSON has it there.
        let is_taken = |name: &str| {
            let is_it = |column: &str| column == name || column.split_once('.').is_some_and(|(first, _)| first == name);
            columns.iter().any(|column| is_it(&column.name)) || constants.iter().any(|(column, _)| is_it(column))
        };
        let cited = CITED.into_iter().filter(|name| plan.is_cited() && !is_taken(name)).collect();
        Self { constants, columns, cited }
    }

    /// The names of all columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let own = self.constants.iter().map(|(name, _)| name.as_str()).chain(self.columns.iter().map(|column| column.name.as_str()));
        own.chain(self.cited.iter().copied())
    }

    /// What stands above the list.
    pub fn constants(&self) -> &[(String, Cell)] {
        &self.constants
    }

    /// The cells of each row of a page.
    pub fn rows<'a>(&'a self, page: &'a Page) -> impl Iterator<Item = Vec<Cell>> + 'a {
        page.rows.iter().map(|(row, cited)| {
            let above = self.constants.iter().map(|(_, cell)| cell.clone());
            let own = self.columns.iter().map(|column| column.cell(row));
            above.chain(own).chain(self.cells_of(cited.as_ref()).map(|(_, cell)| cell)).collect()
        })
    }

    /// What a row says of its source.
    pub fn cells_of<'a>(&'a self, cited: Option<&'a Cited>) -> impl Iterator<Item = (&'static str, Cell)> + 'a {
        self.cited.iter().map(move |name| {
            let text = cited.and_then(|cited| match *name {
                "sourceCode" => Some(&cited.source),
                "unit" => Some(&cited.unit),
                "licence" => cited.licence.as_ref(),
                _ => Some(&cited.citation),
            });
            (*name, text.map_or(Cell::Empty, |text| Cell::Text(text.to_string())))
        })
    }
}

/// The sources that were met, in the order of their codes; so many at most, as a file may be long.
#[derive(Debug, Default)]
pub struct Sources(HashSet<Cited>);

impl Sources {
    const MOST: usize = 1_000;

    /// Notes those of a page.
    pub fn note(&mut self, page: &Page) {
        for cited in page.rows.iter().filter_map(|(_, cited)| cited.as_ref()) {
            if self.0.len() < Self::MOST && !self.0.contains(cited) {
                self.0.insert(cited.clone());
            }
        }
    }

    /// All of them.
    pub fn all(&self) -> Vec<&Cited> {
        let mut all: Vec<&Cited> = self.0.iter().collect();
        all.sort();
        all
    }
}

/// A text as no spreadsheet takes it for a formula: what begins like one (after blanks, too) gets an apostrophe in front.
pub fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    let is_formula = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_made_a_text() {
        for text in ["=1+1", "+1", "-1", "-", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "-2+3+cmd|' /C calc'!A0"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["", " ", "a=b", "1-2", "'=1", "é", "ü-"] {
            assert_eq!(harmless(text), text);
        }
    }
}
