//! Codes that a client names: found, or answered with what may have been meant.

use crate::domain::document::ProvisionKind;
use crate::domain::suggest::did_you_mean;

use super::document::ProvisionIx;
use super::flow::FlowIx;
use super::group::GroupIx;
use super::index::{Ix, Table};
use super::party::{OrganisationIx, Party, Point, StateIx};
use super::snapshot::SourceIx;
use super::view::View;
use super::work::Work;

/// A filter or argument named a code that is not there; the text is for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("There is no {what} with the code '{code}'.{suggestion}")]
pub struct UnknownCode {
    /// What was looked for, such as "state".
    pub what: &'static str,
    /// The code as it was given.
    pub code: String,
    /// " Did you mean …?", or nothing.
    pub suggestion: String,
}

impl UnknownCode {
    /// That code is no code of those.
    pub fn new<'a>(what: &'static str, code: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        // A code is short: what is longer was never near one, and would be echoed at length.
        let shown: String = code.chars().take(60).collect();
        let suggestion = did_you_mean(&shown, known);
        Self { what, code: shown, suggestion }
    }
}

/// Looking a code up, in steps of work.
const LOOK: u64 = 10;
/// Comparing an unknown one with one that is known.
const COMPARE: u64 = 300;

/// What each code stands for; where one stands for nothing, which of `known` may have been meant.
fn each<'a, T, K: Iterator<Item = &'a str>>(
    work: &Work,
    what: &'static str,
    codes: &[String],
    find: impl Fn(&str) -> Option<T>,
    known: impl Fn() -> K,
) -> Result<Vec<T>, UnknownCode> {
    work.spend(LOOK * codes.len() as u64);
    let unknown = |code: &String| {
        let mut compared = 0;
        let unknown = UnknownCode::new(what, code, known().inspect(|_| compared += 1));
        work.spend(COMPARE * compared);
        unknown
    };
    codes.iter().map(|code| find(code).ok_or_else(|| unknown(code))).collect()
}

/// Sorted and without doubles.
fn as_set<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all.dedup();
    all
}

/// Codes of filters. What is found is sorted and without doubles, as filters look things up in it.
impl View {
    fn all_of<T>(&self, table: &Table<T>, what: &'static str, codes: &[String]) -> Result<Vec<Ix<T>>, UnknownCode> {
        each(self.work(), what, codes, |code| table.find(code), || table.codes()).map(as_set)
    }

    /// States by code.
    ///
    /// # Errors
    /// Where a code is unknown; the same for all that follow.
    pub fn states_of(&self, codes: &[String]) -> Result<Vec<StateIx>, UnknownCode> {
        self.all_of(&self.snapshot().states, "state", codes)
    }

    /// Organisations by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn organisations_of(&self, codes: &[String]) -> Result<Vec<OrganisationIx>, UnknownCode> {
        self.all_of(&self.snapshot().organisations, "organisation", codes)
    }

    /// Groups by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn groups_of(&self, codes: &[String]) -> Result<Vec<GroupIx>, UnknownCode> {
        self.all_of(&self.snapshot().groups, "working group", codes)
    }

    /// Flows by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn flows_of(&self, codes: &[String]) -> Result<Vec<FlowIx>, UnknownCode> {
        self.all_of(&self.snapshot().flows, "flow", codes)
    }

    /// Sources by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn sources_of(&self, codes: &[String]) -> Result<Vec<SourceIx>, UnknownCode> {
        self.all_of(&self.snapshot().sources, "source", codes)
    }

    /// States and areas by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn points_of(&self, codes: &[String]) -> Result<Vec<Point>, UnknownCode> {
        let known = || self.snapshot().states.codes().chain(self.snapshot().areas.codes());
        each(self.work(), "state or area", codes, |code| self.find_point(code), known)
    }

    /// States and organisations by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn parties_of(&self, codes: &[String]) -> Result<Vec<Party>, UnknownCode> {
        let known = || self.snapshot().states.codes().chain(self.snapshot().organisations.codes());
        let find = |code: &str| self.find_state(code).map(Party::State).or_else(|| self.find_organisation(code).map(Party::Organisation));
        each(self.work(), "party", codes, find, known).map(as_set)
    }

    /// Provisions of one kind in the Declaration, by reference.
    ///
    /// # Errors
    /// Where a reference is unknown.
    pub fn provisions_of(&self, kind: ProvisionKind, codes: &[String]) -> Result<Vec<ProvisionIx>, UnknownCode> {
        let what = match kind {
            ProvisionKind::Activity => "activity",
            ProvisionKind::ThematicArea => "thematic area",
            ProvisionKind::PriorityGoal => "priority goal",
            ProvisionKind::Recital | ProvisionKind::Commitment | ProvisionKind::Mandate => "provision",
        };
        let known = || self.of_kind(kind).map(|ix| self.provision(ix).entry.reference.as_str());
        each(self.work(), what, codes, |reference| self.find_in_declaration(kind, reference), known).map(as_set)
    }
}
