//! Workbooks of RVTools: the same inventory as from its files of text, and what cannot be read told with the way out.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use flate2::Crc;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use tempfile::TempDir;

use crate::command_line::plimsoll;

/// Sheet: its name, and the cells of its rows.
type Sheet<'a> = (&'a str, &'a [&'a [&'a str]]);

const VINFO: &[&[&str]] = &[
    &["VM", "Powerstate", "Template", "CPUs", "Memory", "Cluster", "Host"],
    &["web1", "poweredOn", "FALSE", "4", "8192", "c1", "esx1"],
    &["web2", "poweredOff", "FALSE", "2", "4096", "c1", "esx1"],
    &["gold", "poweredOff", "TRUE", "2", "4096", "c1", "esx1"],
    &["db", "poweredOn", "FALSE", "8", "16384", "c1", "esx1"],
];

const VHOST: &[&[&str]] = &[
    &["Host", "Cluster", "# Cores", "# Memory", "Model", "in Maintenance Mode"],
    &["esx1", "c1", "16", "32768", "R650", "FALSE"],
];

/// Returns a workbook as the standard has it (ECMA-376, 5th edition, part 1, section 18.3), with numbers, truth and text each in
/// cells of their kind. It has no more than a reader needs.
fn workbook(sheets: &[Sheet]) -> Vec<u8> {
    let numbered = || sheets.iter().enumerate().map(|(at, sheet)| (at + 1, sheet));
    let (mut listed, mut related) = (String::new(), String::new());
    let mut parts = Vec::new();
    for (number, (name, rows)) in numbered() {
        let _ = write!(listed, r#"<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>"#);
        let _ = write!(
            related,
            r#"<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>"#
        );
        parts.push((format!("xl/worksheets/sheet{number}.xml"), sheet_part(rows)));
    }
    let book = format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>"#);
    parts.push(("xl/workbook.xml".to_string(), book));
    let related = format!(r#"<Relationships xmlns="{PACKAGE}">{related}</Relationships>"#);
    parts.push(("xl/_rels/workbook.xml.rels".to_string(), related));
    let root = format!(
        r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    parts.push(("_rels/.rels".to_string(), root));
    zipped(&parts)
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

fn sheet_part(rows: &[&[&str]]) -> String {
    let mut data = String::new();
    for (line, cells) in rows.iter().enumerate() {
        let line = line + 1;
        let _ = write!(data, r#"<row r="{line}">"#);
        for (column, text) in ('A'..).zip(*cells) {
            let at = format!("{column}{line}");
            let _ = match *text {
                "" => Ok(()),
                "TRUE" => write!(data, r#"<c r="{at}" t="b"><v>1</v></c>"#),
                "FALSE" => write!(data, r#"<c r="{at}" t="b"><v>0</v></c>"#),
                _ if text.starts_with("#DIV") => write!(data, r#"<c r="{at}" t="e"><v>{text}</v></c>"#),
                _ if text.parse::<f64>().is_ok() => write!(data, r#"<c r="{at}"><v>{text}</v></c>"#),
                _ => write!(data, r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#),
            };
        }
        data += "</row>";
    }
    format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>"#)
}

/// Returns an archive of files that are stored as they are (APPNOTE 6.3.10 of PKWARE).
fn zipped(files: &[(String, String)]) -> Vec<u8> {
    let (mut bytes, mut directory): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let mut crc = Crc::new();
        crc.update(text.as_bytes());
        let size = (text.len() as u32).to_le_bytes();
        // Version 2.0, no flags, stored, no time, a day that there is.
        let about =
            [&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &crc.sum().to_le_bytes(), &size, &size].concat();
        let name_length = (name.len() as u16).to_le_bytes();
        let at = (bytes.len() as u32).to_le_bytes();
        let local = [b"PK\x03\x04", &about[..], &name_length, &[0; 2], name.as_bytes(), text.as_bytes()];
        bytes.extend(local.concat());
        let central = [b"PK\x01\x02\x14\x00", &about[..], &name_length, &[0; 12], &at, name.as_bytes()];
        directory.extend(central.concat());
    }
    let (at, size) = ((bytes.len() as u32).to_le_bytes(), (directory.len() as u32).to_le_bytes());
    let count = (files.len() as u16).to_le_bytes();
    bytes.extend(directory);
    bytes.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &at, &[0; 2]].concat());
    bytes
}

fn import(place: &Path, files: &[&str]) -> assert_cmd::assert::Assert {
    let words = [&["import", "inventory", "--from", "rvtools"], files, &["-o", "out", "--json"]].concat();
    plimsoll(place, &words).assert()
}

/// Returns the files that an import wrote, by name.
fn written(place: &Path) -> Vec<(String, String)> {
    let files = ["hosts.csv", "trace.csv", "scenario.toml"];
    let read = |name: &&str| (name.to_string(), fs::read_to_string(place.join("out").join(name)).unwrap());
    let all = files.iter().map(read).collect();
    fs::remove_dir_all(place.join("out")).unwrap();
    all
}

fn csv(rows: &[&[&str]]) -> String {
    rows.iter().map(|row| row.join(",") + "\n").collect()
}

#[test]
fn a_workbook_says_what_its_sheets_say_as_text() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(place.path().join(name), bytes).unwrap();
    write("vinfo.csv", csv(VINFO).as_bytes());
    write("vhost.csv", csv(VHOST).as_bytes());
    import(place.path(), &["vinfo.csv", "vhost.csv"]).success();
    let of_text = written(place.path());
    assert!(of_text[1].1.contains("web1") && !of_text[1].1.contains("gold"), "{of_text:?}");
    let cpu: &[&[&str]] = &[&["VM", "CPUs"], &["other", "1"]];
    write("RVTools.xlsx", &workbook(&[("vInfo", VINFO), ("vCPU", cpu), ("vHost", VHOST)]));
    import(place.path(), &["RVTools.xlsx"]).success();
    assert_eq!(written(place.path()), of_text);
    // One file for each sheet, and the names of earlier versions.
    write("vms.XLSX", &workbook(&[("tabvInfo", VINFO)]));
    write("hosts.xlsm", &workbook(&[("vhost", VHOST)]));
    import(place.path(), &["vms.XLSX", "hosts.xlsm"]).success();
    assert_eq!(written(place.path()), of_text);
}

/// Returns rows of vInfo with one cell of the second machine changed.
fn with_cell(column: usize, text: &'static str) -> Vec<u8> {
    let mut rows: Vec<Vec<&str>> = VINFO.iter().map(|row| row.to_vec()).collect();
    let width = rows[2].len().max(column + 1);
    rows[2].resize(width, "");
    rows[2][1] = "poweredOn";
    rows[2][column] = text;
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    workbook(&[("vInfo", &rows), ("vHost", VHOST)])
}

#[test]
fn a_workbook_that_cannot_be_read_says_where_and_what_to_do() {
    let place: TempDir = tempfile::tempdir().unwrap();
    let compound = [&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], &[0; 600]].concat();
    let whole = workbook(&[("vInfo", VINFO), ("vHost", VHOST)]);
    let cases: [(&str, Vec<u8>, &str, &str); 12] = [
        (
            "a.xlsx",
            workbook(&[("vCPU", VINFO)]),
            "a.xlsx: found the sheets `vCPU`, expected `vInfo` and `vHost`",
            "ExportAll2xlsx",
        ),
        ("a.xlsx", workbook(&[("vInfo", &[])]), "a.xlsx[vInfo]: found an empty sheet, expected a header", ""),
        (
            "a.xlsx",
            compound.clone(),
            "a.xlsx: found a workbook that is encrypted or of Excel 97 to 2003",
            "without a password",
        ),
        (
            "a.xls",
            compound,
            "a.xls: found another form of workbook, expected `.xlsx`",
            "save it as an Excel workbook",
        ),
        ("a.ods", whole.clone(), "a.ods: found another form of workbook", "save it as an Excel workbook"),
        ("a.xlsx", b"PK".to_vec(), "a.xlsx: is no workbook that can be read", "save it again"),
        ("a.xlsx", Vec::new(), "a.xlsx: found an empty file", ""),
        (
            "a.xlsx",
            whole[..whole.len() / 2].to_vec(),
            "a.xlsx: is no workbook that can be read",
            "save it again",
        ),
        ("a.xlsx", with_cell(4, "8.192"), "a.xlsx[vInfo]:3: `Memory`: found `8.192`", ""),
        ("a.xlsx", with_cell(3, "#DIV/0!"), "a.xlsx[vInfo]:3: `CPUs`: found `#DIV/0!`", ""),
        ("a.xlsx", with_cell(3, ""), "a.xlsx[vInfo]:3: `CPUs`: found nothing", ""),
        (
            "a.xlsx",
            with_cell(8, "5"),
            "a.xlsx[vInfo]:3: found a value in column 9, expected 7 columns",
            "name",
        ),
    ];
    for (name, bytes, found, help) in cases {
        fs::write(place.path().join(name), bytes).unwrap();
        import(place.path(), &[name]).code(2).stderr(contains(found).and(contains(help)));
        assert!(!place.path().join("out").exists(), "{name}");
    }
    // Whatever byte is broken, an error or an inventory follows, and no panic.
    for at in (0..whole.len()).step_by(97) {
        let mut broken = whole.clone();
        broken[at] ^= 0x15;
        fs::write(place.path().join("a.xlsx"), broken).unwrap();
        let output = import(place.path(), &["a.xlsx"]).get_output().clone();
        assert!(matches!(output.status.code(), Some(0 | 2)), "byte {at}: {output:?}");
        let _ = fs::remove_dir_all(place.path().join("out"));
    }
}
