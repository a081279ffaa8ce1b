//! From a checked file to the store: a thread reads, the store writes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use indicatif::ProgressBar;
use tokio::sync::mpsc;

use silkroutes::app::embedded_catalogue;
use silkroutes::domain::entry::Entry;
use silkroutes::domain::publisher::Checked;
use silkroutes::store::{Delivery, FigureFile, FigureFileReport, FigureOptions, Store};

/// So many figures go into the channel at once.
const CHUNK: usize = 1_000;
/// So many chunks may be on the way.
const ON_THE_WAY: usize = 8;

/// Takes the figures of a file in, in one transaction.
pub(super) async fn take(path: &Path, mut checked: Checked, store: &Store, dry_run: bool, bar: ProgressBar) -> Result<FigureFileReport, String> {
    let file = FigureFile {
        source: checked.source.clone(),
        edition: checked.edition.clone(),
        measures: checked.measures.iter().copied().collect(),
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256: checked.sha256.clone(),
        retrieved_on: checked.source.retrieved_on,
        entries: entries(&checked),
    };
    let (send, facts) = mpsc::channel(ON_THE_WAY);
    let path = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || read(&path, &mut checked, &send, &bar));
    let taken = store.import_figures(file, facts, FigureOptions { dry_run }).await;
    let read = reading.await.map_err(|fault| fault.to_string())?;
    // Where reading failed, the store says only that the file came to no end.
    read.map_err(|fault| format!("Cannot read it: {fault}."))?;
    taken.map_err(|fault| fault.to_string())
}

fn read(path: &Path, checked: &mut Checked, send: &mpsc::Sender<Delivery>, bar: &ProgressBar) -> io::Result<()> {
    bar.set_length(path.metadata()?.len());
    let mut open = || -> io::Result<Box<dyn Read>> { Ok(Box::new(bar.wrap_read(File::open(path)?))) };
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut listens = true;
    checked.hand_over(&mut open, &mut |fact| {
        chunk.push(fact);
        if chunk.len() == CHUNK {
            listens = send.blocking_send(Delivery::Facts(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK)))).is_ok();
        }
        listens
    })?;
    if listens {
        // A store that listens no more has said why.
        let _ = send.blocking_send(Delivery::Facts(chunk)).and_then(|()| send.blocking_send(Delivery::Done));
    }
    Ok(())
}

/// The states and areas that the file names, as the built-in catalogue has them; of a database with a catalogue of its
/// own, those that are not there yet are added. They take no part in the partnership, unless that catalogue says so.
fn entries(checked: &Checked) -> Vec<Entry> {
    let catalogue = embedded_catalogue().map(|catalogue| catalogue.entries).unwrap_or_default();
    let named = catalogue.into_iter().filter(|entry| matches!(entry, Entry::State(_) | Entry::Area(_)) && checked.points.contains(&entry.code()));
    named
        .map(|entry| match entry {
            Entry::State(mut state) => {
                state.participation = None;
                Entry::State(state)
            }
            entry => entry,
        })
        .collect()
}
