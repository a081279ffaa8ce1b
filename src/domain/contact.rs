//! Contact points: offices that answer, never persons.

use serde::{Deserialize, Serialize};

use super::text::Language;
use super::word::words;

words! {
    /// What an office is there for.
    pub enum ContactFunction {
        /// The one office that a party names for all matters of the partnership.
        SinglePointOfContact = "SINGLE_POINT_OF_CONTACT",
        /// Liaison with the immigration authorities of another state.
        ImmigrationLiaison = "IMMIGRATION_LIAISON",
        /// Readmission of nationals.
        Readmission = "READMISSION",
        /// Work against trafficking in persons.
        AntiTrafficking = "ANTI_TRAFFICKING",
        /// Asylum and protection.
        Asylum = "ASYLUM",
        /// Labour migration and recruitment.
        LabourMigration = "LABOUR_MIGRATION",
        /// Relations with the diaspora.
        Diaspora = "DIASPORA",
        /// Statistics of migration.
        Statistics = "STATISTICS",
    }
}

/// An office that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPoint {
    /// Its own code: random, and the last part of nothing that people read.
    pub code: String,
    /// The party that it belongs to, by code.
    pub party: String,
    /// What the office is called.
    pub office: String,
    /// What it is there for.
    pub function: ContactFunction,
    /// The state where it sits abroad, by code.
    pub posted_to: Option<String>,
    /// Its address for mail.
    pub email: Option<String>,
    /// Its number, with the prefix of the country.
    pub telephone: Option<String>,
    /// The languages in which it answers.
    pub languages: Vec<Language>,
    /// The activities that it works on, by reference.
    pub activities: Vec<String>,
}
