//! Who may read what a party contributes.

use async_graphql::{Context, InputObject};

use crate::domain::audience::{self, AudienceLevel};
use crate::domain::contribution::UserErrorCode;
use crate::domain::practice::content::Faults;
use crate::graph::View;
use crate::graph::group::GroupIx;
use crate::graph::party::Party as PartyRef;
use crate::graph::practice::PracticeIx;

use super::group::WorkingGroup;
use super::object::object;
use super::party::Party;
use super::resolve::Rows;

/// Whom a practice is shown to.
#[derive(Debug, Clone)]
pub struct Audience {
    level: AudienceLevel,
    groups: Vec<GroupIx>,
    parties: Vec<PartyRef>,
}

impl Audience {
    /// That of a practice, as far as the viewer may know it.
    pub fn seen(view: &View, practice: PracticeIx) -> Self {
        let (level, groups, parties) = view.audience(practice);
        Self { level, groups, parties }
    }

    /// One that was kept; what it names and is no longer there is left out.
    pub fn kept(view: &View, audience: &audience::Audience) -> Self {
        let party = |code: &String| view.find_state(code).map(PartyRef::State).or_else(|| view.find_organisation(code).map(PartyRef::Organisation));
        Self {
            level: audience.level,
            groups: audience.working_groups.iter().filter_map(|code| view.find_group(code)).collect(),
            parties: audience.parties.iter().filter_map(party).collect(),
        }
    }
}

object! {
    /// How far an entry travels: to its owner, to named parties or groups, to the partnership, or to everyone.
    impl Audience {
        /// How far; each level holds the one before it.
        async fn level(&self) -> AudienceLevel {
            self.level
        }

        /// The groups at level GROUP, by code; as far as the viewer may know them. A dozen at most.
        async fn working_groups(&self) -> Rows<WorkingGroup> {
            self.groups.iter().copied().map(WorkingGroup).collect()
        }

        /// The parties at the levels `NAMED_PARTIES` and `GROUP`, states first, by code; as far as the viewer may know them. A hundred at most.
        async fn parties(&self, _ctx: &Context<'_>) -> Rows<Party> {
            self.parties.iter().copied().map(Party::from).collect()
        }
    }
}

/// Whom to show an entry to. The narrowest where nothing is said.
#[derive(Debug, Clone, InputObject)]
pub struct AudienceInput {
    /// How far it may travel.
    #[graphql(default_with = "AudienceLevel::Owner")]
    level: AudienceLevel,
    /// Codes of working groups, at level GROUP.
    working_groups: Option<Vec<String>>,
    /// Codes of parties of the partnership, at the levels `NAMED_PARTIES` and `GROUP`.
    parties: Option<Vec<String>>,
}

impl AudienceInput {
    /// The audience, where nothing is wrong with it.
    pub fn check(&self, view: &View, faults: &mut Faults) -> audience::Audience {
        let (groups, parties) = (self.working_groups.clone().unwrap_or_default(), self.parties.clone().unwrap_or_default());
        let place = |field| ["audience", field];
        faults.codes(&place("workingGroups"), &groups, |code| view.groups_of(&[code.to_owned()]).err().map(|unknown| unknown.to_string()));
        faults.codes(&place("parties"), &parties, |code| match view.parties_of(&[code.to_owned()]) {
            Err(unknown) => Some(unknown.to_string()),
            Ok(found) => {
                (!found.iter().all(|party| view.takes_part(*party))).then(|| format!("{code} does not take part in the partnership: name a party that does."))
            }
        });
        if !groups.is_empty() && self.level != AudienceLevel::Group {
            faults.note(UserErrorCode::Invalid, &place("workingGroups"), format!("Groups are named at level GROUP; this is {}.", self.level));
        }
        if !parties.is_empty() && !matches!(self.level, AudienceLevel::NamedParties | AudienceLevel::Group) {
            faults.note(
                UserErrorCode::Invalid,
                &place("parties"),
                format!("Parties are named at the levels `NAMED_PARTIES` and `GROUP`; this is {}.", self.level),
            );
        }
        if groups.is_empty() && self.level == AudienceLevel::Group {
            faults.note(UserErrorCode::Invalid, &place("workingGroups"), "Name the groups: at level GROUP there is at least one.");
        }
        if parties.is_empty() && self.level == AudienceLevel::NamedParties {
            faults.note(UserErrorCode::Invalid, &place("parties"), "Name the parties: at level NAMED_PARTIES there is at least one.");
        }
        let mut audience = audience::Audience { level: self.level, working_groups: groups, parties };
        audience.working_groups.sort();
        audience.parties.sort();
        audience
    }
}
