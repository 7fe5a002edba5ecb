//! The ways a table is stored, and the source its bytes come from: a file or standard input.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Stdin};
use std::path::{Path, PathBuf};

use crate::input::{Place, Problem};

/// Bytes read from a packed file at a time.
const BUFFER: usize = 1 << 18;

/// The ways a table may be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableStorage {
    /// Delimited text, comma-separated where it is written.
    Csv,
    /// The same, gzipped.
    CsvGz,
    /// The same, packed by Zstandard.
    CsvZst,
    /// Parquet.
    Parquet,
}

/// Extensions of tables that are read.
const READ: &[(&str, TableStorage)] = &[
    (".parquet", TableStorage::Parquet),
    (".gz", TableStorage::CsvGz),
    (".zst", TableStorage::CsvZst),
    (".csv", TableStorage::Csv),
    (".tsv", TableStorage::Csv),
    (".txt", TableStorage::Csv),
    // The standard formats of the archives of parallel and of grid workloads.
    (".swf", TableStorage::Csv),
    (".gwf", TableStorage::Csv),
];

impl TableStorage {
    /// Returns the storage that the extension of a file to be written names.
    pub fn of(path: &Path) -> Result<TableStorage, Problem> {
        let written = [
            (".csv", TableStorage::Csv),
            (".gz", TableStorage::CsvGz),
            (".zst", TableStorage::CsvZst),
            (".parquet", TableStorage::Parquet),
        ];
        by_extension(&written, path)
    }

    /// Returns the storage that the first bytes of a table show.
    fn by_content(bytes: &[u8]) -> TableStorage {
        match bytes {
            [0x1f, 0x8b, ..] => TableStorage::CsvGz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => TableStorage::CsvZst,
            [b'P', b'A', b'R', b'1', ..] => TableStorage::Parquet,
            _ => TableStorage::Csv,
        }
    }

    /// Returns what the bytes of the file are packed with, as errors say it.
    pub(super) fn packing(self) -> Option<Packing> {
        match self {
            TableStorage::CsvGz => Some(Packing { name: "gzip", check: "`gzip -t`" }),
            TableStorage::CsvZst => Some(Packing { name: "Zstandard", check: "`zstd -t`" }),
            TableStorage::Csv | TableStorage::Parquet => None,
        }
    }

    /// Returns the text in some bytes.
    pub(super) fn unpack(self, bytes: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
        let buffered = |bytes| BufReader::with_capacity(BUFFER, bytes);
        Ok(match self {
            TableStorage::CsvGz => Box::new(MultiGzDecoder::new(buffered(bytes))),
            TableStorage::CsvZst => Box::new(zstd::Decoder::new(bytes)?),
            TableStorage::Csv | TableStorage::Parquet => Box::new(bytes),
        })
    }
}

/// A way of packing text.
pub(super) struct Packing {
    pub name: &'static str,
    /// A command that checks such a file.
    pub check: &'static str,
}

fn by_extension(known: &[(&str, TableStorage)], path: &Path) -> Result<TableStorage, Problem> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match known.iter().find(|(extension, _)| name.ends_with(extension)) {
        Some((_, storage)) => Ok(*storage),
        None => Err(Problem::new(
            Place::file(path),
            "found an unknown extension, expected `.csv`, `.csv.gz`, `.csv.zst` or `.parquet`",
        )),
    }
}

/// Returns true for the name of standard input.
pub fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The bytes of a table.
#[derive(Debug)]
pub(super) enum Source {
    /// A file.
    File(File),
    /// Standard input, and those of its bytes that were read already.
    Standard(Cursor<Vec<u8>>, Stdin),
}

impl Source {
    /// Returns the file.
    ///
    /// # Errors
    /// Standard input is none.
    pub fn into_file(self, name: &Path) -> Result<File, Problem> {
        match self {
            Source::File(file) => Ok(file),
            Source::Standard(..) => {
                let found = "found Parquet, which is read from its end; expected text";
                Err(Problem::new(Place::file(name), found).with_help("name the file itself"))
            }
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::File(file) => file.read(buffer),
            Source::Standard(ahead, rest) => match ahead.read(buffer)? {
                0 => rest.read(buffer),
                read => Ok(read),
            },
        }
    }
}

/// A table to be read.
pub(super) struct Input {
    /// Its name in messages.
    pub name: PathBuf,
    pub storage: TableStorage,
    pub source: Source,
}

impl Input {
    /// Opens a file, or standard input, whose first bytes show how it is stored.
    pub fn open(path: &Path) -> Result<Input, Problem> {
        if !is_standard_input(path) {
            let storage = by_extension(READ, path)?;
            return Ok(Input { name: path.to_path_buf(), storage, source: Source::File(open_file(path)?) });
        }
        let name = PathBuf::from("standard input");
        let mut ahead = Vec::new();
        match io::stdin().take(4).read_to_end(&mut ahead) {
            Ok(0) => Err(Problem::new(Place::file(&name), "found nothing, expected a header")
                .with_help("it is read once: a command that needs a table twice takes a file")),
            Ok(_) => {
                let storage = TableStorage::by_content(&ahead);
                Ok(Input { name, storage, source: Source::Standard(Cursor::new(ahead), io::stdin()) })
            }
            Err(error) => Err(Problem::new(Place::file(&name), format!("cannot be read: {error}"))),
        }
    }
}

pub(super) fn open_file(path: &Path) -> Result<File, Problem> {
    let problem = |message: String| Problem::new(Place::file(path), message);
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(problem("found a folder, expected a file".to_string())),
        Ok(metadata) if metadata.is_file() && metadata.len() == 0 => {
            Err(problem("found an empty file, expected a header".to_string()))
        }
        _ => File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => problem("found no such file".to_string())
                .with_help("relative names are seen from the folder of the scenario, or the current one"),
            _ => problem(format!("cannot be opened: {error}")),
        }),
    }
}
