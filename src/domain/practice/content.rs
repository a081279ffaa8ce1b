//! What a party writes of a practice, checked: every fault at once, each with its place in the input.

use super::{EvidenceLevel, GoodPractice, PracticeText, TargetGroup};
use crate::domain::audience::{Audience, AudienceLevel};
use crate::domain::contribution::UserErrorCode;
use crate::domain::date::PartialDate;
use crate::domain::text::{Citation, Language};

/// Most characters of a title.
pub const TITLE: usize = 200;
/// Most characters of a summary, of a citation, of remarks and of reasons.
pub const SUMMARY: usize = 2_000;
/// Most characters of a body.
pub const BODY: usize = 20_000;
/// Most entries of any list.
pub const LIST: usize = 100;
/// Words of the title that a slug takes.
const SLUG_WORDS: usize = 6;

/// What a practice says, in one language, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `GoodPractice`")]
pub struct Content {
    pub title: String,
    pub summary: String,
    pub body: Option<String>,
    pub states: Vec<String>,
    pub partners: Vec<String>,
    pub activities: Vec<String>,
    pub flows: Vec<String>,
    pub working_groups: Vec<String>,
    pub target_groups: Vec<TargetGroup>,
    pub evidence: EvidenceLevel,
    pub started_on: Option<PartialDate>,
    pub ended_on: Option<PartialDate>,
    pub citations: Vec<Citation>,
}

/// What a code is to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the concept of its name")]
pub enum Named {
    State,
    Party,
    Activity,
    Flow,
    WorkingGroup,
}

/// One thing that is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFault {
    /// By which rule.
    pub code: UserErrorCode,
    /// What is wrong, and what would be right.
    pub message: String,
    /// Where in the input.
    pub path: Vec<String>,
}

/// Gathers what is wrong with an input.
#[derive(Debug, Default)]
pub struct Faults(pub Vec<InputFault>);

impl Faults {
    /// Notes a fault.
    pub fn note(&mut self, code: UserErrorCode, path: &[&str], message: impl Into<String>) {
        self.0.push(InputFault { code, message: message.into(), path: path.iter().map(|&part| part.to_owned()).collect() });
    }

    /// A text for people: not empty, not too long, without control characters.
    pub fn text(&mut self, path: &[&str], text: &str, most: usize) {
        let what = path.last().copied().unwrap_or_default();
        if text.trim().is_empty() {
            self.note(UserErrorCode::Invalid, path, format!("`{what}` is empty: write what it should say."));
        }
        if let Some(control) = text.chars().find(|c| is_control(*c)) {
            let code = u32::from(control);
            self.note(UserErrorCode::Invalid, path, format!("`{what}` has the control character U+{code:04X}: only line breaks and tabs may stand in a text."));
        }
        let length = text.chars().count();
        if length > most {
            self.note(UserErrorCode::TooLong, path, format!("`{what}` has {length} characters: {most} are the most."));
        }
    }

    /// A list of codes: known, none twice, not too many. `unknown` says what is wrong with a code, if anything is.
    pub fn codes(&mut self, path: &[&str], codes: &[String], unknown: impl Fn(&str) -> Option<String>) {
        self.list(path, codes.len());
        for (n, code) in codes.iter().enumerate().take(LIST) {
            let place = n.to_string();
            let path = [path, &[place.as_str()]].concat();
            if codes.iter().take(n).any(|earlier| earlier == code) {
                self.note(UserErrorCode::Duplicate, &path, format!("'{}' stands in the list already.", short(code)));
            } else if let Some(message) = unknown(code) {
                self.note(UserErrorCode::NotFound, &path, message);
            }
        }
    }

    fn list(&mut self, path: &[&str], length: usize) {
        if length > LIST {
            let what = path.last().copied().unwrap_or_default();
            self.note(UserErrorCode::TooLong, path, format!("`{what}` has {length} entries: {LIST} are the most."));
        }
    }

    /// A web address.
    pub fn url(&mut self, path: &[&str], url: &str) {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let fits = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(|c: char| c.is_whitespace() || c.is_control()));
        if !fits {
            self.note(UserErrorCode::Invalid, path, "An address starts with https:// or http:// and has no spaces.");
        }
        if url.chars().count() > SUMMARY {
            self.note(UserErrorCode::TooLong, path, format!("An address has {SUMMARY} characters at most."));
        }
    }
}

fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

fn short(text: &str) -> String {
    text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl Content {
    /// Everything that is wrong with it; `unknown` says what is wrong with a code, if anything is.
    pub fn check(&self, faults: &mut Faults, unknown: impl Fn(Named, &str) -> Option<String>) {
        faults.text(&["content", "title"], &self.title, TITLE);
        faults.text(&["content", "summary"], &self.summary, SUMMARY);
        if self.title.contains(['\n', '\r', '\t']) {
            faults.note(UserErrorCode::Invalid, &["content", "title"], "`title` is one line.");
        }
        if let Some(body) = &self.body {
            faults.text(&["content", "body"], body, BODY);
        }
        let lists = [
            ("states", &self.states, Named::State),
            ("partners", &self.partners, Named::Party),
            ("activities", &self.activities, Named::Activity),
            ("flows", &self.flows, Named::Flow),
            ("workingGroups", &self.working_groups, Named::WorkingGroup),
        ];
        for (name, codes, named) in lists {
            faults.codes(&["content", name], codes, |code| unknown(named, code));
        }
        for (n, group) in self.target_groups.iter().enumerate() {
            if self.target_groups.iter().take(n).any(|earlier| earlier == group) {
                faults.note(UserErrorCode::Duplicate, &["content", "targetGroups", &n.to_string()], format!("{group} stands in the list already."));
            }
        }
        if let (Some(start), Some(end)) = (self.started_on, self.ended_on)
            && start.first_day() > end.last_day()
        {
            faults.note(UserErrorCode::Invalid, &["content", "endedOn"], format!("It ended ({end}) before it began ({start})."));
        }
        faults.list(&["content", "citations"], self.citations.len());
        for (n, citation) in self.citations.iter().enumerate().take(LIST) {
            let n = n.to_string();
            faults.text(&["content", "citations", &n, "text"], &citation.text, SUMMARY);
            if let Some(url) = &citation.url {
                faults.url(&["content", "citations", &n, "url"], url);
            }
        }
    }

    /// The practice that it makes.
    #[must_use]
    pub fn practice(self, slug: String, owner: String, attributed: bool, language: Language) -> GoodPractice {
        let text = PracticeText { language, title: self.title.trim().to_owned(), summary: self.summary.trim().to_owned(), body: self.body };
        GoodPractice {
            slug,
            texts: vec![text],
            owner,
            attributed,
            states: self.states,
            partners: self.partners,
            activities: self.activities,
            flows: self.flows,
            working_groups: self.working_groups,
            target_groups: self.target_groups,
            evidence: self.evidence,
            started_on: self.started_on,
            ended_on: self.ended_on,
            citations: self.citations,
        }
    }
}

/// The address of a draft: chance alone, which tells nothing of its title, and nothing of others.
#[must_use]
pub fn draft_slug(chance: [u8; 10]) -> String {
    data_encoding::BASE32_NOPAD.encode(&chance).to_lowercase()
}

/// The address from the first publication on: words of the title that was consented to, before the chance that the
/// draft had. The chance alone where the owner is not named, and where not everyone may read it: the address stays for
/// ever, and a title that some may read must not stand in what others are shown of a later version.
#[must_use]
pub fn published_slug(draft: &str, title: &str, attributed: bool, audience: &Audience) -> String {
    let chance = draft.rsplit('-').next().unwrap_or(draft);
    if !attributed || audience.level != AudienceLevel::Public {
        return chance.to_owned();
    }
    let folded = crate::domain::text::fold(title);
    let mut words: Vec<&str> = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).take(SLUG_WORDS).collect();
    words.retain(|word| word.len() <= 20);
    words.push(chance);
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::UserErrorCode::{Duplicate, Invalid, NotFound, TooLong};
    use super::*;

    #[test]
    fn an_address_is_chance_until_its_words_may_be_read_by_everyone() {
        let draft = draft_slug([0; 10]);
        assert_eq!(draft, "aaaaaaaaaaaaaaaa");
        let public = Audience::of(AudienceLevel::Public);
        let title = "Été in Türkiye: who, what & where to go";
        assert_eq!(published_slug(&draft, title, true, &public), "ete-in-turkiye-who-what-where-aaaaaaaaaaaaaaaa");
        assert_eq!(published_slug(&draft, title, false, &public), draft, "the owner is not named");
        assert_eq!(published_slug(&draft, title, true, &Audience::of(AudienceLevel::Participants)), draft, "strangers may come to read another title");
        assert_eq!(published_slug("words-of-a-draft-2222222222222", title, false, &public), "2222222222222", "a draft of an earlier version");
        assert_eq!(published_slug(&draft_slug([255; 10]), "Возвращение", true, &public), "7777777777777777");
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let content = Content {
            title: " ".into(),
            summary: "x".repeat(SUMMARY + 1),
            body: Some("a\u{0}b".into()),
            states: vec!["UZB".into(), "UZB".into(), "QQQ".into()],
            partners: Vec::new(),
            activities: Vec::new(),
            flows: Vec::new(),
            working_groups: Vec::new(),
            target_groups: vec![TargetGroup::Women, TargetGroup::Women],
            evidence: EvidenceLevel::Described,
            started_on: "2020".parse().ok(),
            ended_on: "2019".parse().ok(),
            citations: vec![Citation { text: "x".into(), url: Some("ftp://x".into()) }],
        };
        let mut faults = Faults::default();
        content.check(&mut faults, |_, code| (code == "QQQ").then(|| "There is no QQQ.".into()));
        let told: Vec<_> = faults.0.iter().map(|fault| (fault.code, fault.path.join("."))).collect();
        let expected = [
            (Invalid, "content.title"),
            (TooLong, "content.summary"),
            (Invalid, "content.body"),
            (Duplicate, "content.states.1"),
            (NotFound, "content.states.2"),
            (Duplicate, "content.targetGroups.1"),
            (Invalid, "content.endedOn"),
            (Invalid, "content.citations.0.url"),
        ];
        assert_eq!(told, expected.map(|(code, path)| (code, path.to_owned())));
    }
}
