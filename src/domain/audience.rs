//! How far an entry may travel. Each level holds the one before it.

use serde::{Deserialize, Serialize};

use super::word::words;

words! {
    /// How far an entry may travel; each level holds the one before it. Named after the Traffic Light Protocol in brackets.
    pub enum AudienceLevel {
        /// The owner alone (a draft).
        Owner = "OWNER",
        /// Named parties (TLP:AMBER).
        NamedParties = "NAMED_PARTIES",
        /// Named working groups, and parties named beside them (TLP:AMBER).
        Group = "GROUP",
        /// All parties of the partnership (TLP:GREEN).
        Participants = "PARTICIPANTS",
        /// Everyone in the world (TLP:CLEAR).
        Public = "PUBLIC",
    }
}

/// Who may read an entry, besides its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// How far.
    pub level: AudienceLevel,
    /// Codes of the working groups; sorted, and empty but at [`AudienceLevel::Group`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub working_groups: Vec<String>,
    /// Codes of the parties; sorted, and empty but at [`AudienceLevel::NamedParties`] and [`AudienceLevel::Group`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<String>,
}

impl Audience {
    /// Of a level that names nobody.
    #[must_use]
    pub const fn of(level: AudienceLevel) -> Self {
        Self { level, working_groups: Vec::new(), parties: Vec::new() }
    }

    /// Whether nobody reads by this who does not read by the other: what follows from the names alone, not from who is
    /// in a group today.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let all_in = |some: &[String], all: &[String]| some.iter().all(|code| all.contains(code));
        self.level <= other.level
            && (other.level > AudienceLevel::Group || all_in(&self.parties, &other.parties) && all_in(&self.working_groups, &other.working_groups))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrower_is_what_admits_nobody_else() {
        let named = |parties: &[&str]| Audience { parties: parties.iter().map(|&p| p.to_owned()).collect(), ..Audience::of(AudienceLevel::NamedParties) };
        let group = |groups: &[&str]| Audience { working_groups: groups.iter().map(|&g| g.to_owned()).collect(), ..Audience::of(AudienceLevel::Group) };
        let (owner, everyone) = (Audience::of(AudienceLevel::Owner), Audience::of(AudienceLevel::Public));
        assert!(owner.is_within(&named(&["UZB"])) && named(&["UZB"]).is_within(&everyone) && everyone.is_within(&everyone));
        assert!(named(&["UZB"]).is_within(&named(&["TUR", "UZB"])) && !named(&["TUR", "UZB"]).is_within(&named(&["UZB"])));
        assert!(!named(&["UZB"]).is_within(&group(&["SILK-ROUTES"])), "a party that is named need not be in the group");
        assert!(!everyone.is_within(&Audience::of(AudienceLevel::Participants)));
        assert!(!group(&["A", "B"]).is_within(&group(&["A"])), "another group is others");
        assert!(group(&["A"]).is_within(&group(&["A", "B"])) && !group(&["A"]).is_within(&named(&["UZB"])));
    }
}
