use super::*;
use flate2::{Compression, GzBuilder};
use std::fs;
use std::io::Write;

fn gz(text: &str) -> Vec<u8> {
    let mut writer = GzBuilder::new().write(Vec::new(), Compression::default());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

/// Writes a file and reads every cell of it, or says what is wrong.
fn read(name: &str, bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let shown = folder.path().display().to_string() + "/";
    read_all(&path).map_err(|problem| problem.to_string().replace(&shown, ""))
}

fn read_all(path: &Path) -> Result<Vec<Vec<String>>, Problem> {
    let mut table = Table::open(path)?;
    let mut rows = vec![table.header().to_vec()];
    while table.advance()? {
        let cells = (0..table.header().len()).map(|column| table.text(column).map(str::to_string));
        rows.push(cells.collect::<Result<_, _>>()?);
    }
    Ok(rows)
}

#[test]
fn csv_reads_the_same_gzipped() {
    let text = "\u{feff}a, b\n1,\"x,y\"\n\n2,\n";
    let rows = read("t.csv", text.as_bytes()).unwrap();
    assert_eq!(rows, [["a", "b"], ["1", "x,y"], ["2", ""]]);
    assert_eq!(read("t.csv.gz", &gz(text)).unwrap(), rows);
    assert_eq!(read("T.CSV", text.as_bytes()).unwrap(), rows);
}

/// A quote that stays open makes one cell of the rest of the file: the CSV library reads it without an error.
#[test]
fn a_quote_that_stays_open_is_an_error_in_the_row_where_it_opens() {
    let rows = "3,4\n".repeat(3);
    for (text, line, found) in [
        (format!("a,b\n1,2\n\"5,6\n{rows}"), 3, "a quote that is never closed"),
        (format!("a,b\n1,2\n5,\"6\n{rows}"), 3, "a quote that is never closed"),
        (format!("a,\"b\n{rows}"), 1, "a quote that is never closed"),
        ("a,b\n1,2\n5,\"6".to_string(), 3, "a quote that is never closed"),
        ("a,b\n1,2\n5,\"6\n".to_string(), 3, "a quote that is never closed"),
        ("a,b\n1,2\n5,\"".to_string(), 3, "a quote that is never closed"),
        // Two mistakes that make up for each other: as many cells as there should be, and two rows fewer.
        ("a,b\n1,\"x\n3,4\n5,\"\n7,8\n".to_string(), 2, "a line break between quotes"),
    ] {
        let expected = format!(":{line}: found {found}");
        for (name, bytes) in [("t.csv", text.clone().into_bytes()), ("t.csv.gz", gz(&text))] {
            let problem = read(name, &bytes).unwrap_err();
            assert!(problem.contains(&expected), "{problem}\nexpected {expected}");
        }
    }
    for text in
        ["a,b\n\"1\",\"say \"\"x\"\"\"", "a,b\n\"1\",\"say \"\"x\"\"\"\n", "a,b\r\n1,\"say \"\"x\"\"\"\r\n"]
    {
        assert_eq!(read("t.csv", text.as_bytes()).unwrap(), [["a", "b"], ["1", "say \"x\""]]);
    }
}

/// The rest of a large file is not read into memory to find the end of a quote.
#[test]
fn a_quote_that_stays_open_is_an_error_long_before_the_end_of_a_large_file() {
    let text = format!("a,b\n5,\"6\n{}", "3,4\n".repeat(4_300_000));
    let problem = read("t.csv", text.as_bytes()).unwrap_err();
    assert!(problem.starts_with("t.csv:2: found a quote that is never closed"), "{problem}");
}

/// A header of very many columns is checked in time that grows with them, not with their square.
#[test]
fn a_wide_header_is_checked_at_once() {
    let names: Vec<String> = (0..200_000).map(|i| format!("c{i}")).collect();
    let problem = read("t.csv", format!("{},c7\n", names.join(",")).as_bytes()).unwrap_err();
    assert!(problem.contains("`c7`: found the column twice"), "{problem}");
}

#[test]
fn whatever_cannot_be_read_says_where() {
    let packed = gz(&"a,b\n1,2\n".repeat(1000));
    for (name, bytes, expected) in [
        ("t.txt", &b"a\n"[..], "t.txt: found an unknown extension, expected `.csv`, `.csv.gz` or `.parquet`"),
        ("t.csv", b"", "t.csv: found an empty file, expected a header"),
        ("t.csv", b"\n\n", "t.csv:1: found nothing, expected a header"),
        ("t.csv", b"a,,b\n", "t.csv:1: ``: found a column without a name (number 2)"),
        ("t.csv", b"a,b,a\n", "t.csv:1: `a`: found the column twice"),
        ("t.csv", b"a,b\n1,2\n3\n", "t.csv:3: found 1 values, expected 2"),
        ("t.csv", b"a\n1\n\xff\n", "t.csv:3: `a`: found `\u{fffd}`, which is not UTF-8"),
        ("t.csv", &packed, "t.csv:1: found bytes that are not text"),
        (
            "t.csv.gz",
            b"a,b\n1,2\n3,4\n5,6\n",
            "t.csv.gz:1: cannot be unpacked: invalid gzip header; expected gzip",
        ),
        (
            "t.csv.gz",
            &packed[..packed.len() - 4],
            "found the end of the file, expected more: it is truncated",
        ),
        ("t.parquet", b"a,b\n1,2\n", "t.parquet: cannot be read"),
    ] {
        let problem = read(name, bytes).unwrap_err();
        assert!(problem.contains(expected), "{problem}\nexpected {expected}");
    }
    let nowhere = read_all(Path::new("/nowhere/t.csv")).unwrap_err().to_string();
    assert!(nowhere.starts_with("/nowhere/t.csv: found no such file"), "{nowhere}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::create_dir(&path).unwrap();
    assert!(read_all(&path).unwrap_err().to_string().contains("found a folder"));
}
