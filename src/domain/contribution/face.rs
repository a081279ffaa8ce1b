//! What a practice looks like to whom: its owner sees the latest version, the secretariat what was submitted to it, its
//! audience what was published. Each such look is a *face*; a reader sees one of them, or none.

use jiff::Timestamp;

use super::{Dossier, GoodPracticeStatus};
use crate::domain::audience::{Audience, AudienceLevel};

/// One look of a practice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// The version that it shows.
    pub version: u32,
    /// Where that stands.
    pub status: GoodPracticeStatus,
    /// Whom it is shown to, or is to be shown to.
    pub audience: Audience,
    /// When the practice was published first; none where it is not.
    pub published_at: Option<Timestamp>,
    /// When this face last changed.
    pub updated_at: Timestamp,
    /// The subjects who may not publish it, where it waits for that.
    pub hands: Vec<String>,
    /// Who sees it.
    pub sight: Sight,
}

/// Who sees a face. Of the faces of one practice, one is its owner's, at most one the secretariat's, and at most one
/// its audience's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sight {
    /// Those who act for its owner.
    pub owner: bool,
    /// The secretariat.
    pub secretariat: bool,
    /// The audience of the face.
    pub audience: bool,
}

impl Face {
    /// The one face of what everyone sees alike: an entry of the catalogue.
    #[must_use]
    pub fn public(version: u32, published_at: Option<Timestamp>, updated_at: Timestamp) -> Self {
        Self {
            version,
            status: GoodPracticeStatus::Published,
            audience: Audience::of(AudienceLevel::Public),
            published_at,
            updated_at,
            hands: Vec::new(),
            sight: Sight { owner: true, secretariat: true, audience: true },
        }
    }
}

impl Dossier {
    /// Its faces; those that look alike are one.
    #[must_use]
    pub fn faces(&self) -> Vec<Face> {
        let mut faces: Vec<Face> = Vec::with_capacity(3);
        for face in [Some(self.to_owner()), self.to_secretariat(), self.to_audience()].into_iter().flatten() {
            let alike = faces.iter_mut().find(|other| Face { sight: face.sight, ..(*other).clone() } == face);
            match alike {
                None => faces.push(face),
                Some(other) => {
                    other.sight.secretariat |= face.sight.secretariat;
                    other.sight.audience |= face.sight.audience;
                }
            }
        }
        faces
    }

    fn to_owner(&self) -> Face {
        let agreed = match (self.status, &self.published, &self.consent) {
            (GoodPracticeStatus::Published, Some(published), _) => published.audience.clone(),
            (GoodPracticeStatus::Submitted | GoodPracticeStatus::ChangesRequested, _, Some(consent)) => consent.audience.clone(),
            _ => Audience::of(AudienceLevel::Owner),
        };
        Face {
            version: self.version,
            status: self.status,
            audience: agreed,
            published_at: self.published.as_ref().map(|published| published.first_at),
            updated_at: self.since,
            hands: if self.status == GoodPracticeStatus::Submitted { self.hands.iter().cloned().collect() } else { Vec::new() },
            sight: Sight { owner: true, ..Sight::default() },
        }
    }

    /// What waits for the secretariat or was sent back by it, else what is published.
    fn to_secretariat(&self) -> Option<Face> {
        let sight = Sight { secretariat: true, ..Sight::default() };
        match &self.consent {
            Some(consent) => Some(Face { version: consent.version, audience: consent.audience.clone(), sight, ..self.to_owner() }),
            None => Some(Face { sight, ..self.to_audience()? }),
        }
    }

    /// What is published; none where its owner narrowed it to itself.
    fn to_audience(&self) -> Option<Face> {
        let published = self.published.as_ref().filter(|published| published.audience.level > AudienceLevel::Owner)?;
        Some(Face {
            version: published.version,
            status: GoodPracticeStatus::Published,
            audience: published.audience.clone(),
            published_at: Some(published.first_at),
            updated_at: published.at,
            hands: Vec::new(),
            sight: Sight { audience: true, ..Sight::default() },
        })
    }
}
