//! Parties: the states and organisations of the partnership, and states beyond it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::date::{self, PartialDate};
use super::text::{Citation, Localized};
use super::word::words;

words! {
    /// How a party takes part in the partnership.
    pub enum ParticipationStatus {
        /// A full participant of the dialogue.
        Participating = "PARTICIPATING",
        /// Follows the dialogue as an observer.
        Observer = "OBSERVER",
    }

    /// The group of states that a state is counted with in the partnership's own papers; no borders are meant.
    pub enum Region {
        /// Member states of the European Union.
        EuropeanUnion = "EUROPEAN_UNION",
        /// States of the European Free Trade Association.
        Efta = "EFTA",
        /// States of the Western Balkans.
        WesternBalkans = "WESTERN_BALKANS",
        /// Eastern Europe and the Caucasus.
        EasternEuropeAndCaucasus = "EASTERN_EUROPE_AND_CAUCASUS",
        /// States of Central Asia.
        CentralAsia = "CENTRAL_ASIA",
        /// The Silk Routes region: Afghanistan, Bangladesh, Iran, Iraq and Pakistan.
        SilkRoutes = "SILK_ROUTES",
        /// Any other place in the world.
        Other = "OTHER",
    }

    /// What sort of organisation it is.
    pub enum OrganisationKind {
        /// Founded by states by treaty, outside the United Nations.
        Intergovernmental = "INTERGOVERNMENTAL",
        /// An agency, fund or programme of the United Nations.
        UnitedNations = "UNITED_NATIONS",
        /// An institution or agency of the European Union.
        EuropeanUnion = "EUROPEAN_UNION",
        /// An organisation of the states of one region.
        Regional = "REGIONAL",
        /// Another consultation process between states.
        Consultation = "CONSULTATION",
        /// An authority of one state.
        NationalAuthority = "NATIONAL_AUTHORITY",
        /// A civil society organisation.
        CivilSociety = "CIVIL_SOCIETY",
        /// A university or research institute.
        Academia = "ACADEMIA",
        /// A company or an association of companies.
        PrivateSector = "PRIVATE_SECTOR",
        /// A network of organisations.
        Network = "NETWORK",
    }

    /// How a party stands to a practice; any of them where none is named.
    pub enum GoodPracticeRole {
        /// It shares it.
        Owner = "OWNER",
        /// It is practised there.
        Practised = "PRACTISED",
        /// It takes part.
        Partner = "PARTNER",
    }
}

/// How a party takes part, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Participation {
    /// Participating or observing.
    pub status: ParticipationStatus,
    /// Since when; unknown counts as always.
    pub since: Option<PartialDate>,
    /// Until when; unknown counts as still.
    pub until: Option<PartialDate>,
    /// Where sources disagree, what they say.
    pub note: Option<String>,
}

impl Participation {
    /// Whether the party takes part on that day; on the first and the last day it does.
    #[must_use]
    pub fn in_force(&self, on: Date) -> bool {
        date::in_force(self.since, self.until, on)
    }
}

/// Where a map may put a label: decimal degrees, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Coordinates {
    /// North is positive; -90 to 90.
    pub latitude: f64,
    /// East is positive; -180 to 180.
    pub longitude: f64,
}

/// A state, of the partnership or beyond it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// ISO 3166-1 alpha-3.
    pub iso3: String,
    /// ISO 3166-1 alpha-2.
    pub iso2: String,
    /// UN M49, three digits.
    pub m49: String,
    /// As the catalogue has it.
    pub name: Localized,
    /// The group it is counted with.
    pub region: Region,
    /// Where a map may put its label.
    pub centroid: Option<Coordinates>,
    /// None for a state beyond the partnership.
    pub participation: Option<Participation>,
}

/// An area that statistics name and that is no state of the catalogue: one end of a flow, never a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// ISO 3166-1 alpha-3.
    pub iso3: String,
    /// ISO 3166-1 alpha-2.
    pub iso2: String,
    /// UN M49, three digits.
    pub m49: String,
    /// As the catalogue has it.
    pub name: Localized,
}

/// An organisation that takes part in the partnership or in its practices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its acronym.
    pub code: String,
    /// Its full name.
    pub name: Localized,
    /// What sort it is.
    pub kind: OrganisationKind,
    /// The state that a national authority belongs to, ISO 3166-1 alpha-3.
    pub state: Option<String>,
    /// What it does in the partnership.
    pub role: Option<String>,
    /// Where that can be read.
    pub citations: Vec<Citation>,
    /// None where it takes no part of its own.
    pub participation: Option<Participation>,
}
