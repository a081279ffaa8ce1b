//! Which small numbers an installation holds back, and from whom: the settings `suppress_below`, `suppress_also` and
//! `source_owners`. Which figures that closes, [`graph::figures::suppress`](crate::graph::figures::suppress) says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::figure::Measure;
use super::viewer::Viewer;
use super::word::Words;

/// The fewest persons that a threshold may name: below, a closed figure could only be 1.
pub const LEAST_THRESHOLD: u32 = 3;

/// Publishers that round or hide small numbers before they publish, by how the codes of their sources begin.
const ROUND_ALREADY: [&str; 2] = ["UNHCR-", "ESTAT-"];

/// For each measure that counts persons or what they do, below which number figures are held back; 0 is off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thresholds(pub BTreeMap<Measure, u32>);

impl Default for Thresholds {
    fn default() -> Self {
        Self(Measure::ALL.iter().map(|word| word.value).filter(|measure| measure.unit() != "US dollars").map(|measure| (measure, 0)).collect())
    }
}

/// What is held back, and from whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suppression {
    below: BTreeMap<Measure, u32>,
    also: Vec<String>,
    owners: Vec<(String, String)>,
}

impl Suppression {
    /// From the settings; `owners` are pairs, as `UZSTAT-ASYLUM=UZB`.
    #[must_use]
    pub fn of(below: &Thresholds, also: &[String], owners: &[String]) -> Self {
        let pair = |pair: &String| pair.rsplit_once('=').map(|(source, party)| (source.to_owned(), party.to_owned()));
        Self {
            below: below.0.iter().filter(|(_, least)| **least > 0).map(|(measure, least)| (*measure, *least)).collect(),
            also: also.to_vec(),
            owners: owners.iter().filter_map(pair).collect(),
        }
    }

    /// Whether anything is held back at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.below.is_empty()
    }

    /// Whether numbers of a source are looked at: not where it rounds them itself, unless the settings name it.
    #[must_use]
    pub fn guards(&self, source: &str) -> bool {
        self.is_on() && (self.also.iter().any(|code| code == source) || !ROUND_ALREADY.iter().any(|start| source.starts_with(start)))
    }

    /// Below which number figures of a measure are held back; none where they are not.
    #[must_use]
    pub fn threshold(&self, measure: Measure) -> Option<f64> {
        self.below.get(&measure).map(|least| f64::from(*least))
    }

    /// The sources that a viewer sees as they are: those of the party that he acts for.
    #[must_use]
    pub fn owned_by(&self, viewer: &Viewer) -> Vec<String> {
        let Some(member) = viewer.member() else { return Vec::new() };
        self.owners.iter().filter(|(_, party)| *party == member.party).map(|(source, _)| source.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::viewer::{Member, Role};
    use super::*;

    fn suppression() -> Suppression {
        let mut below = Thresholds::default();
        below.0.insert(Measure::AsylumApplications, 5);
        Suppression::of(&below, &["ESTAT-EIRTN".into()], &["UZSTAT=UZB".into(), "OTHER=TUR".into()])
    }

    #[test]
    fn nothing_is_held_back_unless_it_is_said() {
        let off = Suppression::of(&Thresholds::default(), &[], &[]);
        assert!(!off.is_on() && !off.guards("UZSTAT"));
        assert_eq!(off.threshold(Measure::Refugees), None);
        let on = suppression();
        assert_eq!((on.threshold(Measure::AsylumApplications), on.threshold(Measure::Refugees)), (Some(5.0), None));
    }

    #[test]
    fn sources_that_round_already_are_left_alone_unless_they_are_named() {
        let on = suppression();
        assert!(on.guards("UZSTAT") && !on.guards("UNHCR-RPS") && !on.guards("ESTAT-ASYAPPCTZ") && on.guards("ESTAT-EIRTN"));
    }

    #[test]
    fn a_source_belongs_to_the_party_that_the_settings_name() {
        let of = |party: &str| {
            let member = Member { party: party.into(), role: Role::FocalPoint, subject: "office".into(), expires_at: None };
            suppression().owned_by(&Viewer::Member(Arc::new(member)))
        };
        assert_eq!((of("UZB"), of("KGZ")), (vec!["UZSTAT".to_owned()], Vec::new()));
        assert!(suppression().owned_by(&Viewer::Anonymous).is_empty());
    }

    #[test]
    fn money_has_no_threshold() {
        assert!(!Thresholds::default().0.contains_key(&Measure::RemittancesPaidUsd));
    }
}
