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

#[test]
fn text_is_read_whatever_packs_it_and_stands_between_its_cells() {
    let text = "a,b,c\n1,x y,\n2,,z\n";
    let expected = [["a", "b", "c"], ["1", "x y", ""], ["2", "", "z"]];
    assert_eq!(read("t.csv.zst", &zstd::encode_all(text.as_bytes(), 3).unwrap()).unwrap(), expected);
    for separator in [";", "\t", "|"] {
        let other = text.replace(',', separator);
        assert_eq!(read("t.csv", other.as_bytes()).unwrap(), expected, "{other}");
        assert_eq!(
            read("t.tsv", format!("\u{feff}{}", other.replace('\n', "\r\n")).as_bytes()).unwrap(),
            expected
        );
    }
    // Separators in quotes, and in cells below the header, decide nothing.
    let quoted = "\"a;b;c\",d\n1;2;3;4,5\n";
    assert_eq!(read("t.csv", quoted.as_bytes()).unwrap(), [["a;b;c", "d"], ["1;2;3;4", "5"]]);
    // A header of one column has no separator.
    assert_eq!(read("t.csv", b"a\n1\n").unwrap(), [["a"], ["1"]]);
}

/// Reads a table of a dialect, from its beginning and from each of its rows on.
fn read_dialect(name: &str, text: &str, dialect: Dialect) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let row = |table: &Table| -> Vec<String> {
        (0..table.header().len()).map(|column| table.text(column).unwrap().to_string()).collect()
    };
    let mut table = Table::open_as(&path, dialect).unwrap();
    let (mut rows, mut positions) = (Vec::new(), vec![table.position()]);
    while table.advance().unwrap() {
        rows.push((table.row_place().line, row(&table)));
        positions.push(table.position());
    }
    for (i, position) in positions.into_iter().enumerate() {
        let mut later = Table::open_as(&path, dialect).unwrap();
        later.skip_to(position).unwrap();
        let mut rest = Vec::new();
        while later.advance().unwrap() {
            rest.push((later.row_place().line, row(&later)));
        }
        assert_eq!(rest, rows[i..], "from row {i} on");
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

#[test]
fn a_text_without_a_header_has_the_columns_of_its_dialect() {
    let columns: Option<&'static [&'static str]> = Some(&["a", "b", "c"]);
    let commas = Dialect { columns, separator: Separator::Byte(b','), ..Dialect::default() };
    let expected = [["1", "2", "3"], ["4", "", "6"]];
    assert_eq!(read_dialect("t.csv", "1,2,3\n4,,6\n", commas), expected);
    let blanks = Dialect { columns, separator: Separator::Blanks, comment: Some(b';') };
    let text = "; a comment\n;\n  1   2\t3 \r\n\n 4 - 6\n";
    assert_eq!(read_dialect("t.swf", text, blanks), [["1", "2", "3"], ["4", "-", "6"]]);
    let commented = Dialect { comment: Some(b'#'), ..Dialect::default() };
    assert_eq!(
        read_dialect("t.csv", "# note, note, note\na;b\n1;2\n# more\n3;4\n", commented),
        [["1", "2"], ["3", "4"]]
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, "1,2,3\n4,5\n").unwrap();
    let mut table = Table::open_as(&path, commas).unwrap();
    table.advance().unwrap();
    let problem = table.advance().unwrap_err().to_string();
    assert!(
        problem.contains(":2: found 2 values, expected the 3 of the format, which has no header"),
        "{problem}"
    );
}

#[test]
fn names_that_are_alike_are_taken_with_a_note_and_null_words_where_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, "Start (s), Memory-GiB ,zone,Zone 2\n1,NULL,NaN,NA\n2,3,NAN,None\n").unwrap();
    let mut table = Table::open(&path).unwrap();
    table.rename_alike(["start_s", "memory_gib", "zone", "unknown"]);
    assert_eq!(table.header(), ["start_s", "memory_gib", "zone", "Zone 2"]);
    assert_eq!(
        table.notes(),
        [
            "the column `Start (s)` is taken for `start_s`",
            "the column `Memory-GiB` is taken for `memory_gib`"
        ]
    );
    table.rename("Zone 2", "other").unwrap();
    let problem = table.rename("other", "zone").unwrap_err().to_string();
    assert!(problem.contains("`zone`: found a column `zone` beside `other`"), "{problem}");
    let problem = table.rename("othr", "subnet").unwrap_err().to_string();
    assert!(
        problem.contains("found no column `othr`") && problem.contains("did you mean `other`"),
        "{problem}"
    );
    table.allow_null_words([2, 3]);
    table.advance().unwrap();
    assert_eq!([0, 1, 2, 3].map(|column| table.text(column).unwrap()), ["1", "NULL", "", ""]);
    table.advance().unwrap();
    assert_eq!([0, 1, 2, 3].map(|column| table.text(column).unwrap()), ["2", "3", "", ""]);
}

#[test]
fn a_row_has_the_line_of_the_file_below_comments_and_empty_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    for end in ["\n", "\r\n"] {
        let text = "# one\n\n# two\na,b\n1,2\n\n# three\n3,4\n5,6".replace('\n', end);
        fs::write(&path, text).unwrap();
        let mut table = Table::open_as(&path, Dialect { comment: Some(b'#'), ..Dialect::default() }).unwrap();
        let mut lines = Vec::new();
        while table.advance().unwrap() {
            lines.push(table.row_place().line.unwrap());
        }
        assert_eq!(lines, [5, 8, 9], "{end:?}");
    }
}

#[test]
fn a_decimal_comma_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, "a;b\n1,5;2\n").unwrap();
    let mut table = Table::open(&path).unwrap();
    table.advance().unwrap();
    let problem = table.parse(0, "a number", |text| text.parse::<f64>()).unwrap_err().to_string();
    assert!(problem.contains("found `1,5`") && problem.contains("write decimals with a point"), "{problem}");
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
        (
            "t.xlsx",
            &b"a\n"[..],
            "t.xlsx: found an unknown extension, expected `.csv`, `.csv.gz`, `.csv.zst` or `.parquet`",
        ),
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
        (
            "t.csv.zst",
            b"a,b\n1,2\n",
            "t.csv.zst:1: cannot be unpacked: Unknown frame descriptor; expected Zstandard",
        ),
        ("t.csv", b"\xff\xfea\0,\0b\0\n\0", "t.csv:1: found UTF-16, expected UTF-8"),
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
