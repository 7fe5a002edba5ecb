//! What a run has told so far, kept for its checkpoints: whoever goes on from one tells it again, and so has
//! whole reports, whichever these are.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use plimsoll_base::engine::checkpoint::{Misfit, Reader, Writer};
use plimsoll_base::units::Time;
use plimsoll_model::headroom::Headroom;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::{Minute, Observer, Refusal, Sample};
use plimsoll_sim::cloud::ranges;
use plimsoll_sim::cloud::rows::{BillingRecordRow, InstanceMetricRow, InstanceRow, InstanceTagRow, Row};

/// One thing that was told.
#[derive(Serialize)]
enum Note<'a> {
    Refused(&'a Refusal),
    Sampled(&'a Sample),
    Looked(Time, &'a Headroom),
    Instance(&'a InstanceRow),
    InstanceTag(&'a InstanceTagRow),
    InstanceMetric(&'a InstanceMetricRow),
    BillingRecord(&'a BillingRecordRow),
    Minute(&'a Minute),
}

/// The same as it comes back.
#[derive(Deserialize)]
enum OwnNote {
    Refused(Refusal),
    Sampled(Sample),
    Looked(Time, Headroom),
    Instance(InstanceRow),
    InstanceTag(InstanceTagRow),
    InstanceMetric(InstanceMetricRow),
    BillingRecord(BillingRecordRow),
    Minute(Minute),
}

/// The notes of a run in order, in a file that goes away with them.
pub struct Told {
    path: PathBuf,
    file: BufWriter<File>,
    count: u64,
    /// The first error; what comes after it is for nothing.
    failed: Option<io::Error>,
}

impl Told {
    /// Nothing told yet. Nobody else may use the file.
    pub fn begin(path: PathBuf) -> io::Result<Told> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        Ok(Told { path, file: BufWriter::new(file), count: 0, failed: None })
    }

    /// Writes all notes into a checkpoint.
    pub fn save(&mut self, out: &mut Writer<'_>) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.file.flush()?;
        out.put_length(usize::try_from(self.count).map_err(io::Error::other)?);
        let file = self.file.get_mut();
        file.rewind()?;
        let (mut reader, mut chunk) = (BufReader::new(&*file), vec![0; 1 << 16]);
        loop {
            match reader.read(&mut chunk)? {
                0 => break,
                length => out.put_bytes(&chunk[..length]),
            }
        }
        file.seek(io::SeekFrom::End(0)).map(drop)
    }

    fn note(&mut self, note: &Note<'_>) {
        if self.failed.is_some() {
            return;
        }
        self.count += 1;
        let bytes = postcard::to_stdvec(note).expect("what is told before the end can be written");
        self.failed = self.file.write_all(&bytes).err();
    }
}

/// Tells an observer everything that a checkpoint holds of it.
pub fn tell_again(
    from: &mut Reader<'_>,
    directory: &Directory,
    observer: &mut dyn Observer,
) -> Result<(), Misfit> {
    for _ in 0..from.get_length()? {
        let note: OwnNote = from.get()?;
        if !is_within(&note, directory) {
            return Err(Misfit::Garbled);
        }
        match note {
            OwnNote::Refused(refusal) => observer.refused(&refusal, directory),
            OwnNote::Sampled(sample) => observer.sampled(&sample, directory),
            OwnNote::Looked(at, headroom) => observer.looked(at, &headroom, directory),
            OwnNote::Instance(row) => observer.row(&Row::Instance(row), directory),
            OwnNote::InstanceTag(row) => observer.row(&Row::InstanceTag(row), directory),
            OwnNote::InstanceMetric(row) => observer.row(&Row::InstanceMetric(row), directory),
            OwnNote::BillingRecord(row) => observer.row(&Row::BillingRecord(row), directory),
            OwnNote::Minute(minute) => observer.minute_ended(&minute),
        }
    }
    Ok(())
}

/// Returns whether the subject of a note is there.
fn is_within(note: &OwnNote, directory: &Directory) -> bool {
    match note {
        OwnNote::Refused(refusal) => ranges::has(directory, refusal.account, refusal.kind, refusal.zone),
        OwnNote::Looked(_, headroom) => {
            headroom.allocable.iter().all(|(kind, _)| kind.index() < directory.types.len())
        }
        OwnNote::Instance(row) => ranges::has(directory, row.account, Some(row.kind), Some(row.zone)),
        OwnNote::BillingRecord(row) => ranges::has(directory, row.account, row.instance_type, None),
        OwnNote::Sampled(_) | OwnNote::InstanceTag(_) | OwnNote::InstanceMetric(_) | OwnNote::Minute(_) => {
            true
        }
    }
}

impl Observer for Told {
    fn refused(&mut self, refusal: &Refusal, _: &Directory) {
        self.note(&Note::Refused(refusal));
    }

    fn sampled(&mut self, sample: &Sample, _: &Directory) {
        self.note(&Note::Sampled(sample));
    }

    fn minute_ended(&mut self, minute: &Minute) {
        self.note(&Note::Minute(minute));
    }

    fn looked(&mut self, at: Time, headroom: &Headroom, _: &Directory) {
        self.note(&Note::Looked(at, headroom));
    }

    fn row(&mut self, row: &Row, _: &Directory) {
        match row {
            Row::Instance(row) => self.note(&Note::Instance(row)),
            Row::InstanceTag(row) => self.note(&Note::InstanceTag(row)),
            Row::InstanceMetric(row) => self.note(&Note::InstanceMetric(row)),
            Row::BillingRecord(row) => self.note(&Note::BillingRecord(row)),
            Row::SecurityGroup(_)
            | Row::SecurityGroupRule(_)
            | Row::Image(_)
            | Row::Volume(_)
            | Row::VolumeAttachment(_)
            | Row::Snapshot(_) => panic!("resources are told of when the run has ended"),
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = fs::remove_file(&self.path);
    }
}
