//! Full text over what people write: BM25 with weighted fields, over stems, accents folded.
//!
//! Word statistics are taken over the documents that the viewer may see, at the time of asking: a hidden
//! document moves no score (see `View`). A document may be written in several languages; each is read by the
//! analyser of its language, and a question is read by the analysers of all of them.

mod analyse;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::domain::text::Language;

use super::index::Ix;
pub use analyse::Analyser;

/// How fast the weight of a repeated word levels off (the usual value).
const K1: f32 = 1.2;
/// How much a long document is held against it (the usual value).
const B: f32 = 0.75;

/// A word's weight in one document.
#[derive(Debug, Clone, Copy)]
struct Posting<T> {
    document: Ix<T>,
    weight: f32,
}

/// An index over the texts of one kind of entry.
#[derive(Debug)]
pub struct Index<T> {
    terms: FxHashMap<Box<str>, u32>,
    postings: Vec<Vec<Posting<T>>>,
    lengths: Vec<f32>,
    languages: Vec<Language>,
}

/// Gathers documents for an [`Index`].
#[derive(Debug)]
pub struct Gatherer<T> {
    index: Index<T>,
    analysers: BTreeMap<Language, Analyser>,
    current: BTreeMap<u32, f32>,
}

impl<T> Default for Gatherer<T> {
    fn default() -> Self {
        let index = Index { terms: FxHashMap::default(), postings: Vec::new(), lengths: Vec::new(), languages: Vec::new() };
        Self { index, analysers: BTreeMap::new(), current: BTreeMap::new() }
    }
}

impl<T> Gatherer<T> {
    /// Adds a text of the document that is being gathered; a weight of 3 counts each word three times.
    pub fn text(&mut self, language: Language, text: &str, weight: f32) {
        let analyser = self.analysers.entry(language).or_insert_with(|| Analyser::of(language));
        let (terms, postings, current) = (&mut self.index.terms, &mut self.index.postings, &mut self.current);
        analyser.words(text, |stem| {
            let term = if let Some(&term) = terms.get(stem) {
                term
            } else {
                let term = u32::try_from(postings.len()).unwrap_or(u32::MAX);
                terms.insert(stem.into(), term);
                postings.push(Vec::new());
                term
            };
            *current.entry(term).or_default() += weight;
        });
    }

    /// Ends the document: what was added since the last one is its.
    pub fn document(&mut self, document: Ix<T>) {
        self.index.lengths.resize(self.index.lengths.len().max(document.get() + 1), 0.0);
        let mut length = 0.0;
        for (term, weight) in std::mem::take(&mut self.current) {
            self.index.postings[term as usize].push(Posting { document, weight });
            length += weight;
        }
        self.index.lengths[document.get()] = length;
    }

    /// The finished index.
    #[must_use]
    pub fn finish(mut self) -> Index<T> {
        self.index.languages = self.analysers.keys().copied().collect();
        for postings in &mut self.index.postings {
            postings.shrink_to_fit();
        }
        self.index
    }
}

/// The documents that hold every word of a question, with their scores, in order of position.
pub type Hits<T> = Vec<(Ix<T>, f32)>;

impl<T> Index<T> {
    /// Finds the documents among the visible ones that hold every word asked for.
    ///
    /// A question without a word to look for finds nothing.
    pub fn find(&self, question: &str, visible: impl Fn(Ix<T>) -> bool) -> Hits<T> {
        let mut best: BTreeMap<Ix<T>, f32> = BTreeMap::new();
        let mut asked = Vec::new();
        for &language in &self.languages {
            let stems = Analyser::of(language).question(question);
            if stems.is_empty() || asked.contains(&stems) {
                continue;
            }
            for (document, score) in self.find_stems(&stems, &visible) {
                let held = best.entry(document).or_default();
                *held = held.max(score);
            }
            asked.push(stems);
        }
        best.into_iter().collect()
    }

    fn find_stems(&self, stems: &[String], visible: &impl Fn(Ix<T>) -> bool) -> Hits<T> {
        let seen: Vec<f32> = self.lengths.iter().enumerate().filter(|(n, _)| visible(Ix::nth(*n))).map(|(_, length)| *length).collect();
        #[expect(clippy::cast_precision_loss, reason = "counts of documents, far below 2^24 of consequence")]
        let (documents, mean) = (seen.len() as f32, seen.iter().sum::<f32>() / (seen.len().max(1) as f32));
        let mut hits: Option<FxHashMap<Ix<T>, f32>> = None;
        for stem in stems {
            let Some(&term) = self.terms.get(stem.as_str()) else { return Vec::new() };
            let postings: Vec<&Posting<T>> = self.postings[term as usize].iter().filter(|p| visible(p.document)).collect();
            #[expect(clippy::cast_precision_loss, reason = "a count of documents")]
            let frequency = postings.len() as f32;
            let rarity = (1.0 + (documents - frequency + 0.5) / (frequency + 0.5)).ln();
            let score = |p: &Posting<T>| {
                let length = self.lengths[p.document.get()];
                rarity * p.weight * (K1 + 1.0) / (p.weight + K1 * (1.0 - B + B * length / mean.max(f32::MIN_POSITIVE)))
            };
            hits = Some(match hits {
                None => postings.iter().map(|p| (p.document, score(p))).collect(),
                Some(before) => postings.iter().filter_map(|p| before.get(&p.document).map(|s| (p.document, s + score(p)))).collect(),
            });
        }
        let mut hits: Hits<T> = hits.unwrap_or_default().into_iter().collect();
        hits.sort_unstable_by_key(|(document, _)| *document);
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Doc;

    fn index(texts: &[(&str, &str)]) -> Index<Doc> {
        let mut gatherer = Gatherer::default();
        for (n, (title, body)) in texts.iter().enumerate() {
            gatherer.text(Language::En, title, 3.0);
            gatherer.text(Language::En, body, 1.0);
            gatherer.document(Ix::nth(n));
        }
        gatherer.finish()
    }

    fn found(index: &Index<Doc>, question: &str) -> Vec<usize> {
        let mut hits = index.find(question, |_| true);
        hits.sort_by(|a, b| b.1.total_cmp(&a.1));
        hits.into_iter().map(|(ix, _)| ix.get()).collect()
    }

    #[test]
    fn stems_accents_and_weights() {
        let index = index(&[("Return with dignity", "Help at home"), ("Training", "For those who return"), ("Türkiye's centres", "Offices")]);
        assert_eq!(found(&index, "returnees"), [0, 1], "the title weighs more");
        assert_eq!(found(&index, "TURKIYE centre"), [2]);
        assert_eq!(found(&index, "return offices"), Vec::<usize>::new(), "every word must be there");
        assert_eq!(found(&index, "the"), Vec::<usize>::new());
        assert_eq!(found(&index, "the return"), [0, 1]);
        assert_eq!(found(&index, "  !? "), Vec::<usize>::new());
    }

    #[test]
    fn a_hidden_document_moves_no_score() {
        let with = index(&[("Return", "home"), ("Return and return", "return"), ("Work", "abroad")]);
        let without = index(&[("Return", "home"), ("Empty", "page"), ("Work", "abroad")]);
        let hide = |ix: Ix<Doc>| ix.get() != 1;
        assert_eq!(with.find("return", hide), without.find("return", hide));
    }
}
