//! Figures: what sources counted, and where each number stands.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::word::words;

words! {
    /// What a figure counts.
    pub enum Measure {
        /// Persons recognised as refugees, or in a like situation, in a state at the end of the period.
        Refugees = "REFUGEES",
        /// Persons whose claim for protection is open at the end of the period.
        AsylumSeekers = "ASYLUM_SEEKERS",
        /// Claims for protection lodged in the period; first claims unless a dimension says otherwise.
        AsylumApplications = "ASYLUM_APPLICATIONS",
        /// Decisions of the period that grant protection.
        AsylumRecognitions = "ASYLUM_RECOGNITIONS",
        /// Persons under temporary protection at the end of the period.
        TemporaryProtection = "TEMPORARY_PROTECTION",
        /// Persons displaced within their own state at the end of the period.
        Idps = "IDPS",
        /// Persons whom no state takes for its national, at the end of the period.
        StatelessPersons = "STATELESS_PERSONS",
        /// Persons outside their state who need protection and were not counted as refugees, at the end of the period.
        OthersInNeed = "OTHERS_IN_NEED",
        /// Further persons whom UNHCR assists, at the end of the period.
        OthersOfConcern = "OTHERS_OF_CONCERN",
        /// Persons of the communities that host others and are assisted with them, at the end of the period.
        HostCommunity = "HOST_COMMUNITY",
        /// Refugees who went back to their state of origin in the period; from the state of asylum to the state of origin.
        RefugeeReturns = "REFUGEE_RETURNS",
        /// Internally displaced persons who went back to their homes in the period.
        IdpReturns = "IDP_RETURNS",
        /// Refugees who were resettled to a third state in the period.
        Resettlements = "RESETTLEMENTS",
        /// Persons who live in a state other than the one of their birth or nationality, at the day given.
        MigrantStock = "MIGRANT_STOCK",
        /// Detections of irregular border crossing in the period; a person may be detected more than once.
        Detections = "DETECTIONS",
        /// Persons refused entry at a border in the period.
        RefusalsOfEntry = "REFUSALS_OF_ENTRY",
        /// Persons found to be irregularly present in the period.
        FoundIrregularlyPresent = "FOUND_IRREGULARLY_PRESENT",
        /// Persons ordered to leave in the period.
        OrderedToLeave = "ORDERED_TO_LEAVE",
        /// Persons returned in the period following an order to leave.
        Returns = "RETURNS",
        /// First residence permits issued in the period.
        ResidencePermits = "RESIDENCE_PERMITS",
        /// Work permits issued in the period.
        WorkPermits = "WORK_PERMITS",
        /// Entries in the period with work as the stated purpose; a person may enter more than once.
        WorkPurposeEntries = "WORK_PURPOSE_ENTRIES",
        /// Workers who left in the period through the registered channels of their state.
        LabourDepartures = "LABOUR_DEPARTURES",
        /// Students from one state enrolled in another in the school year.
        Students = "STUDENTS",
        /// Personal remittances received in the period, in current US dollars.
        RemittancesReceivedUsd = "REMITTANCES_RECEIVED_USD",
        /// Personal remittances paid in the period, in current US dollars.
        RemittancesPaidUsd = "REMITTANCES_PAID_USD",
        /// Persons identified as trafficked in the period.
        TraffickedPersonsIdentified = "TRAFFICKED_PERSONS_IDENTIFIED",
        /// Persons recorded as dead or missing on the way in the period.
        DeathsAndDisappearances = "DEATHS_AND_DISAPPEARANCES",
    }

    /// Whether a figure is a count at a point in time or over a period.
    pub enum MeasureNature {
        /// Counted at a point in time.
        Stock = "STOCK",
        /// Counted over a period.
        Flow = "FLOW",
    }

    /// Sex, where a source tells persons apart by it.
    pub enum Sex {
        /// Women and girls.
        Female = "FEMALE",
        /// Men and boys.
        Male = "MALE",
    }

    /// How settled a figure is.
    pub enum ObservationStatus {
        /// The source stands by it.
        Final = "FINAL",
        /// The source may still correct it.
        Provisional = "PROVISIONAL",
        /// Estimated rather than counted.
        Estimated = "ESTIMATED",
    }

    /// Whether there is a figure, and if not, why.
    pub enum ValueAvailability {
        /// There is, as the source reports it.
        Reported = "REPORTED",
        /// There is, rounded by the source.
        Rounded = "ROUNDED",
        /// The source has none.
        NotAvailable = "NOT_AVAILABLE",
        /// The question does not apply.
        NotApplicable = "NOT_APPLICABLE",
        /// The source holds it back to protect persons.
        Redacted = "REDACTED",
        /// This installation holds it back, as the number is small.
        Suppressed = "SUPPRESSED",
    }
}

impl Measure {
    /// Counted at a point in time, or over a period.
    #[must_use]
    pub const fn nature(self) -> MeasureNature {
        match self {
            Self::Refugees
            | Self::AsylumSeekers
            | Self::TemporaryProtection
            | Self::Idps
            | Self::StatelessPersons
            | Self::OthersInNeed
            | Self::OthersOfConcern
            | Self::HostCommunity
            | Self::MigrantStock
            | Self::Students => MeasureNature::Stock,
            _ => MeasureNature::Flow,
        }
    }

    /// What one of it is: persons, permits, US dollars.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::AsylumApplications => "applications",
            Self::AsylumRecognitions => "decisions",
            Self::Detections => "detections",
            Self::RefusalsOfEntry => "refusals",
            Self::ResidencePermits | Self::WorkPermits => "permits",
            Self::WorkPurposeEntries => "entries",
            Self::RemittancesReceivedUsd | Self::RemittancesPaidUsd => "US dollars",
            _ => "persons",
        }
    }
}

/// Who published figures, and under which terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Such as `UNHCR-RPS`.
    pub code: String,
    /// What was published.
    pub name: String,
    /// By whom.
    pub publisher: String,
    /// Where.
    pub url: Option<String>,
    /// Under which terms.
    pub licence: Option<String>,
    /// When it was last fetched.
    pub retrieved_on: Option<Date>,
}

/// What a figure is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// A corridor: codes of the points where it starts and ends.
    Corridor(String, String),
    /// A route, by code.
    Route(String),
    /// A state or area as a whole, by code.
    State(String),
}

/// What else a publisher distinguishes, such as the type of applicant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dimension {
    /// The publisher's name of the dimension.
    pub dimension: String,
    /// The publisher's code in it.
    pub code: String,
    /// What the code means.
    pub label: String,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// What it is about.
    pub subject: Subject,
    /// What it counts.
    pub measure: Measure,
    /// The first day that it covers.
    pub period_start: Date,
    /// The last day that it covers; the first day again for a stock.
    pub period_end: Date,
    /// None where there is no figure; never zero for "missing".
    pub value: Option<f64>,
    /// Whether there is a figure, and if not, why.
    pub availability: ValueAvailability,
    /// How settled it is.
    pub status: ObservationStatus,
    /// None for both sexes together.
    pub sex: Option<Sex>,
    /// The publisher's age group; none for all ages.
    pub age_group: Option<String>,
    /// What else the publisher distinguishes; empty for the total.
    pub dimensions: Vec<Dimension>,
    /// The code of the source.
    pub source: String,
    /// The edition of the source.
    pub edition: String,
    /// When it was fetched.
    pub retrieved_on: Option<Date>,
    /// The file that it came in.
    pub file: Option<String>,
    /// The SHA-256 of that file, in hexadecimal.
    pub sha256: Option<String>,
    /// The line of the file, from 1.
    pub line: Option<u32>,
    /// The cell as it was written.
    pub raw_value: Option<String>,
}

impl Observation {
    /// What makes it one figure: two with the same key are the same figure twice.
    #[must_use]
    pub fn key(&self) -> String {
        use std::fmt::Write;
        let mut key = match &self.subject {
            Subject::Corridor(origin, destination) => format!("C:{origin}-{destination}"),
            Subject::Route(code) => format!("R:{code}"),
            Subject::State(code) => format!("S:{code}"),
        };
        let sex = self.sex.map_or("", super::word::Words::name);
        let age = self.age_group.as_deref().unwrap_or("");
        // Writing to a String cannot fail.
        let _ = write!(key, "|{}|{}|{}|{sex}|{age}|{}|{}", self.measure, self.period_start, self.period_end, self.source, self.edition);
        for d in &self.dimensions {
            let _ = write!(key, "|{}={}", d.dimension, d.code);
        }
        key
    }
}
