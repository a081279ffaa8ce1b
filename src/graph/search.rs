//! Full text over what people write: BM25 with weighted fields, over stems, accents folded.
//!
//! Word statistics are taken over the documents that everyone may see, at the time of asking: what is hidden, or shared
//! with some, moves no score of another document (see `View`), and so tells nothing of itself by where others stand. A
//! document may be written in several languages; each is read by the
//! analyser of its language, and a question is read by the analysers of all of them.

mod analyse;

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::text::Language;
use crate::domain::word::Words;

use super::index::Ix;
use analyse::{Analyser, is_number, words_of};

/// How fast the weight of a repeated word levels off (the usual value).
const K1: f32 = 1.2;
/// How much a long document is held against it (the usual value).
const B: f32 = 0.75;

/// A word's weight in one document.
#[derive(Debug)]
struct Posting<T> {
    document: Ix<T>,
    weight: f32,
}

impl<T> Clone for Posting<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Posting<T> {}

/// Languages, a bit each.
type Languages = u32;

fn bit(language: Language) -> Languages {
    Language::ALL.iter().position(|word| word.value == language).map_or(0, |n| 1 << n)
}

/// The words of some documents.
#[derive(Debug)]
struct Core<T> {
    terms: FxHashMap<Box<str>, u32>,
    postings: Vec<Vec<Posting<T>>>,
    /// Of the documents from `first` on.
    lengths: Vec<f32>,
    /// The languages of the same documents.
    languages: Vec<Languages>,
    first: usize,
}

impl<T> Core<T> {
    fn new(first: usize) -> Self {
        Self { terms: FxHashMap::default(), postings: Vec::new(), lengths: Vec::new(), languages: Vec::new(), first }
    }

    fn documents(&self) -> impl Iterator<Item = (Ix<T>, f32, Languages)> + '_ {
        self.lengths.iter().zip(&self.languages).enumerate().map(|(n, (length, languages))| (Ix::nth(self.first + n), *length, *languages))
    }

    fn postings(&self, stem: &str) -> &[Posting<T>] {
        self.terms.get(stem).and_then(|&term| self.postings.get(term as usize)).map_or(&[], Vec::as_slice)
    }

    /// The term of a stem, which is made where there is none.
    fn term(&mut self, stem: &str) -> u32 {
        if let Some(&term) = self.terms.get(stem) {
            return term;
        }
        let term = u32::try_from(self.postings.len()).unwrap_or(u32::MAX);
        self.terms.insert(stem.into(), term);
        // Many words stand in one document alone.
        self.postings.push(Vec::with_capacity(1));
        term
    }

    fn length(&self, document: Ix<T>) -> f32 {
        document.get().checked_sub(self.first).and_then(|n| self.lengths.get(n)).copied().unwrap_or_default()
    }
}

impl<T> Clone for Core<T> {
    fn clone(&self) -> Self {
        Self { terms: self.terms.clone(), postings: self.postings.clone(), lengths: self.lengths.clone(), languages: self.languages.clone(), first: self.first }
    }
}

/// Documents that are added one by one before they are shared as a part of their own: a copy of the index costs them.
const MOST_ADDED: usize = 128;

/// An index over the texts of one kind of entry: what was gathered and is shared, and the few documents that were added
/// since.
#[derive(Debug)]
pub struct Index<T> {
    shared: Vec<Arc<Core<T>>>,
    added: Core<T>,
}

impl<T> Clone for Index<T> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), added: self.added.clone() }
    }
}

/// Gathers documents for an [`Index`].
#[derive(Debug)]
pub struct Gatherer<T> {
    core: Core<T>,
    readers: BTreeMap<Language, Reader>,
    /// The weight of each term in the document that is being gathered, by term; 0 where it does not stand there.
    weights: Vec<f32>,
    /// The terms that stand in it.
    met: Vec<u32>,
    languages: Languages,
}

/// Reads what is written in one language.
#[derive(Debug)]
struct Reader {
    analyser: Analyser,
    /// The terms of words met before: a language has few, a text many.
    known: FxHashMap<Box<str>, u32>,
}

impl<T> Default for Gatherer<T> {
    fn default() -> Self {
        Self::on(Core::new(0))
    }
}

impl<T> Gatherer<T> {
    fn on(core: Core<T>) -> Self {
        Self { weights: vec![0.0; core.postings.len()], core, readers: BTreeMap::new(), met: Vec::new(), languages: 0 }
    }

    /// Adds a text of the document that is being gathered; a weight of 3 counts each word three times.
    pub fn text(&mut self, language: Language, text: &str, weight: f32) {
        self.languages |= bit(language);
        let Reader { analyser, known } =
            self.readers.entry(language).or_insert_with(|| Reader { analyser: Analyser::of(language), known: FxHashMap::default() });
        for word in words_of(text) {
            let term = if is_number(word) {
                self.core.term(word)
            } else if let Some(&term) = known.get(word) {
                term
            } else {
                let term = self.core.term(&analyser.stem(word));
                known.insert(word.into(), term);
                term
            };
            self.weights.resize(self.core.postings.len(), 0.0);
            let held = &mut self.weights[term as usize];
            if *held == 0.0 {
                self.met.push(term);
            }
            *held += weight;
        }
    }

    /// Ends the document: what was added since the last one is its.
    pub fn document(&mut self, document: Ix<T>) {
        let at = document.get() - self.core.first;
        self.core.lengths.resize(self.core.lengths.len().max(at + 1), 0.0);
        self.core.languages.resize(self.core.lengths.len(), 0);
        self.core.languages[at] = std::mem::take(&mut self.languages);
        let mut length = 0.0;
        for term in self.met.drain(..) {
            let weight = std::mem::take(&mut self.weights[term as usize]);
            self.core.postings[term as usize].push(Posting { document, weight });
            length += weight;
        }
        self.core.lengths[at] = length;
    }

    /// The finished index.
    #[must_use]
    pub fn finish(self) -> Index<T> {
        let mut core = self.core;
        for postings in &mut core.postings {
            postings.shrink_to_fit();
        }
        let first = core.first + core.lengths.len();
        Index { shared: vec![Arc::new(core)], added: Core::new(first) }
    }
}

/// What the documents that everyone sees are like, as a whole, and the languages of all that the viewer sees.
struct Seen {
    count: f32,
    mean: f32,
    common: Languages,
    languages: Languages,
}

/// The documents that hold every word of a question, with their scores, in order of position.
pub type Hits<T> = Vec<(Ix<T>, f32)>;

impl<T> Index<T> {
    /// Adds documents behind all others.
    pub(super) fn add(&mut self, gather: impl FnOnce(&mut Gatherer<T>)) {
        let mut gatherer = Gatherer::on(std::mem::replace(&mut self.added, Core::new(0)));
        gather(&mut gatherer);
        self.added = gatherer.core;
        if self.added.lengths.len() >= MOST_ADDED {
            let behind = Core::new(self.added.first + self.added.lengths.len());
            self.shared.push(Arc::new(std::mem::replace(&mut self.added, behind)));
        }
    }

    /// Finds the documents among the visible ones that hold every word asked for.
    ///
    /// A question without a word to look for finds nothing. It is read by the rules of each language that a visible
    /// document is written in; by a language in which nothing is written that everyone sees (`common`), only what some
    /// see is found.
    pub fn find(&self, question: &str, visible: impl Fn(Ix<T>) -> bool, common: impl Fn(Ix<T>) -> bool) -> Hits<T> {
        let seen = self.seen(&visible, &common);
        let mut best: BTreeMap<Ix<T>, f32> = BTreeMap::new();
        let mut asked = Vec::new();
        for word in Language::ALL.iter().filter(|word| seen.languages & bit(word.value) != 0) {
            let stems = Analyser::of(word.value).question(question);
            if stems.is_empty() || asked.contains(&stems) {
                continue;
            }
            let is_common = seen.common & bit(word.value) != 0;
            for (document, score) in self.find_stems(&stems, &seen, &visible, &common) {
                if !is_common && common(document) {
                    continue;
                }
                let held = best.entry(document).or_default();
                *held = held.max(score);
            }
            asked.push(stems);
        }
        best.into_iter().collect()
    }

    fn parts(&self) -> impl Iterator<Item = &Core<T>> {
        self.shared.iter().map(AsRef::as_ref).chain([&self.added])
    }

    /// What the documents are like. Lengths are sums of whole weights, so their sum is exact, and no order in
    /// which they stand can move it.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts and lengths of documents, far below 2^24 of consequence")]
    fn seen(&self, visible: &impl Fn(Ix<T>) -> bool, is_common: &impl Fn(Ix<T>) -> bool) -> Seen {
        let (mut count, mut sum, mut common, mut languages) = (0_usize, 0.0_f64, 0, 0);
        for (ix, length, of) in self.parts().flat_map(Core::documents) {
            if is_common(ix) {
                count += 1;
                sum += f64::from(length);
                common |= of;
            } else if visible(ix) {
                languages |= of;
            }
        }
        Seen { count: count as f32, mean: (sum / count.max(1) as f64) as f32, common, languages: languages | common }
    }

    fn find_stems(&self, stems: &[String], seen: &Seen, visible: &impl Fn(Ix<T>) -> bool, common: &impl Fn(Ix<T>) -> bool) -> Hits<T> {
        let (documents, mean) = (seen.count, seen.mean);
        let mut hits: Option<FxHashMap<Ix<T>, f32>> = None;
        for stem in stems {
            let postings: Vec<(&Posting<T>, f32)> = self
                .parts()
                .flat_map(|part| part.postings(stem).iter().map(|posting| (posting, part.length(posting.document))))
                .filter(|(posting, _)| visible(posting.document))
                .collect();
            if postings.is_empty() {
                return Vec::new();
            }
            #[expect(clippy::cast_precision_loss, reason = "a count of documents")]
            let frequency = postings.iter().filter(|(posting, _)| common(posting.document)).count() as f32;
            let rarity = (1.0 + (documents - frequency + 0.5) / (frequency + 0.5)).ln();
            let score = |p: &Posting<T>, length: f32| rarity * p.weight * (K1 + 1.0) / (p.weight + K1 * (1.0 - B + B * length / mean.max(f32::MIN_POSITIVE)));
            hits = Some(match hits {
                None => postings.iter().map(|(p, length)| (p.document, score(p, *length))).collect(),
                Some(before) => postings.iter().filter_map(|(p, length)| before.get(&p.document).map(|s| (p.document, s + score(p, *length)))).collect(),
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
        let mut hits = index.find(question, |_| true, |_| true);
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
        assert_eq!(with.find("return", hide, hide), without.find("return", hide, hide));
    }

    /// A common document may be seen here in another face: it is the faces that everyone sees which count.
    #[test]
    fn what_some_see_is_found_and_moves_no_score_of_another() {
        let with = index(&[("Return", "home"), ("Return and return", "return"), ("Work", "abroad")]);
        let common = |ix: Ix<Doc>| ix.get() != 1;
        let (alone, beside) = (with.find("return", common, common), with.find("return", |_| true, common));
        assert_eq!((alone.len(), beside.len()), (1, 2));
        assert!(beside.iter().any(|hit| *hit == alone[0]), "{beside:?} {alone:?}");
    }

    #[test]
    fn what_is_added_later_counts_as_if_it_had_been_there() {
        let words = ["return", "home", "work", "abroad"];
        let texts: Vec<(&str, &str)> = (0..MOST_ADDED * 2 + 9).map(|n| (words[n % 4], words[n / 4 % 3])).collect();
        let (whole, mut grown) = (index(&texts), index(&texts[..2]));
        for (n, (title, body)) in texts.iter().enumerate().skip(2) {
            grown.add(|gatherer| {
                gatherer.text(Language::En, title, 3.0);
                gatherer.text(Language::En, body, 1.0);
                gatherer.document(Ix::nth(n));
            });
        }
        for question in ["return", "home", "work", "return home", "nothing"] {
            assert_eq!(whole.find(question, |_| true, |_| true), grown.find(question, |_| true, |_| true), "{question}");
        }
    }
}
