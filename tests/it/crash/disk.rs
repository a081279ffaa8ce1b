//! A disk, and what a power cut leaves of it: what was synced, and of the rest whatever it likes.
//!
//! What is not promised is not relied upon: bytes that were not synced come in any order, whole, in sectors or not at
//! all; names (a file made, renamed, removed) come in their order, up to anywhere, and only with a sync of the folder for
//! certain. Only a power cut shows a sync that is missing: what a killed process wrote is kept by the system.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chance::Chance;
use super::record::{Call, Step};

/// What is in a folder: the bytes of each file.
pub type Contents = BTreeMap<String, Arc<Vec<u8>>>;

/// The smallest piece that a disk writes.
const SECTOR: usize = 512;

/// A file with what is on the disk for certain, and what may be.
#[derive(Debug, Clone, Default)]
struct File {
    kept: Arc<Vec<u8>>,
    loose: Vec<(usize, Change)>,
    /// How long it is for those who have it open.
    length: usize,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Arc<Vec<u8>>),
    Cut(usize),
}

#[derive(Debug, Clone)]
enum NameChange {
    Is(String, usize),
    Gone(String),
}

/// What of all that was not synced is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    All,
    None,
    Drawn(u64),
}

/// The disk, a call after the other.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    kept_names: BTreeMap<String, usize>,
    loose_names: Vec<(usize, Vec<NameChange>)>,
}

impl Disk {
    /// A folder whose files are all on the disk.
    pub fn of(contents: &Contents) -> Self {
        let mut disk = Self::default();
        for (name, bytes) in contents {
            disk.names.insert(name.clone(), disk.files.len());
            disk.files.push(File { kept: Arc::clone(bytes), loose: Vec::new(), length: bytes.len() });
        }
        disk.kept_names = disk.names.clone();
        disk
    }

    /// Takes in what a call did.
    pub fn apply(&mut self, step: &Step) {
        match &step.call {
            Call::Make(name) => {
                if !self.names.contains_key(name) {
                    self.files.push(File::default());
                    self.name(step, vec![NameChange::Is(name.clone(), self.files.len() - 1)]);
                }
            }
            Call::Write { file, at, bytes } => {
                let file = self.file(file);
                let at = at.unwrap_or(file.length);
                file.length = file.length.max(at + bytes.len());
                file.loose.push((step.ended, Change::Write(at, Arc::new(bytes.clone()))));
            }
            Call::Cut { file, length } => {
                let file = self.file(file);
                file.length = *length;
                file.loose.push((step.ended, Change::Cut(*length)));
            }
            Call::Sync(name) => {
                let file = self.file(name);
                let (done, later) = std::mem::take(&mut file.loose).into_iter().partition::<Vec<_>, _>(|(ended, _)| *ended < step.begun);
                file.loose = later;
                if !done.is_empty() {
                    let bytes = Arc::make_mut(&mut file.kept);
                    for (_, change) in &done {
                        change.make(bytes);
                    }
                }
            }
            Call::SyncNames => {
                let (done, later) = std::mem::take(&mut self.loose_names).into_iter().partition::<Vec<_>, _>(|(ended, _)| *ended < step.begun);
                self.loose_names = later;
                done.into_iter().flat_map(|(_, changes)| changes).for_each(|change| change.make(&mut self.kept_names));
            }
            Call::Rename { from, to } => {
                let file = *self.names.get(from).unwrap_or_else(|| panic!("{from} was renamed, and is not there"));
                self.name(step, vec![NameChange::Gone(from.clone()), NameChange::Is(to.clone(), file)]);
            }
            Call::Link { from, to } => {
                let file = *self.names.get(from).unwrap_or_else(|| panic!("{from} got another name, and is not there"));
                self.name(step, vec![NameChange::Is(to.clone(), file)]);
            }
            Call::Remove(name) => self.name(step, vec![NameChange::Gone(name.clone())]),
        }
    }

    fn name(&mut self, step: &Step, changes: Vec<NameChange>) {
        for change in &changes {
            change.clone().make(&mut self.names);
        }
        self.loose_names.push((step.ended, changes));
    }

    fn file(&mut self, name: &str) -> &mut File {
        let file = *self.names.get(name).unwrap_or_else(|| panic!("{name} was written, and is not there"));
        &mut self.files[file]
    }

    /// What is found after a power cut now.
    pub fn after_a_cut(&self, names: Keep, bytes: Keep) -> Contents {
        let mut found = self.kept_names.clone();
        let keep = match names {
            Keep::All => self.loose_names.len(),
            Keep::None => 0,
            Keep::Drawn(seed) => Chance::new(seed).below(self.loose_names.len() + 1),
        };
        self.loose_names[..keep].iter().flat_map(|(_, changes)| changes.clone()).for_each(|change| change.make(&mut found));
        found.into_iter().map(|(name, file)| (name, self.files[file].after_a_cut(bytes, file as u64))).collect()
    }
}

impl NameChange {
    fn make(self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Is(name, file) => names.insert(name, file),
            Self::Gone(name) => names.remove(&name),
        };
    }
}

impl File {
    fn after_a_cut(&self, keep: Keep, nth: u64) -> Arc<Vec<u8>> {
        if self.loose.is_empty() || keep == Keep::None {
            return Arc::clone(&self.kept);
        }
        let mut bytes = self.kept.to_vec();
        let Keep::Drawn(seed) = keep else {
            self.loose.iter().for_each(|(_, change)| change.make(&mut bytes));
            return Arc::new(bytes);
        };
        let mut chance = Chance::new(seed ^ (nth + 1).wrapping_mul(0x5851_f42d_4c95_7f2d));
        // Nearly all or nearly none is there, or half; each change may be torn.
        let (of_ten, tears) = (chance.one_of(&[1, 5, 9]), chance.below(2) == 0);
        for (_, change) in &self.loose {
            if chance.below(10) < of_ten {
                change.make(&mut bytes);
            } else if tears && let Change::Write(at, written) = change {
                tear(&mut bytes, *at, written, &mut chance);
            }
        }
        Arc::new(bytes)
    }
}

impl Change {
    fn make(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Cut(length) => bytes.resize(*length, 0),
            Self::Write(at, written) => put(bytes, *at, written),
        }
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, written: &[u8]) {
    let end = at + written.len();
    bytes.resize(bytes.len().max(end), 0);
    bytes[at..end].copy_from_slice(written);
}

/// Some sectors of what was written.
fn tear(bytes: &mut Vec<u8>, at: usize, written: &[u8], chance: &mut Chance) {
    let mut begin = 0;
    while begin < written.len() {
        let end = (SECTOR - (at + begin) % SECTOR + begin).min(written.len());
        if chance.below(2) == 0 {
            put(bytes, at + begin, &written[begin..end]);
        }
        begin = end;
    }
}
