use super::cells::Cells;
use super::columns::Column;
use super::write::TraceWriter;
use super::*;
use crate::operation::Operation;
use crate::workload::call::{Action, End, Launch, LaunchTenancy, Modification, Query, Spot, Targets};
use crate::workload::directory::SubnetName;
use crate::workload::handles::{Handle, ImageHandle, PlacementGroupHandle, SecurityGroupHandle};
use crate::workload::trace::reading::TraceReading;
use plimsoll_base::catalogue::{ShapePrice, TypeTable};
use plimsoll_base::units::{Resources, SubnetId, ZoneId};
use std::fs;
use std::sync::Arc;

fn directory() -> Directory {
    let subnet = SubnetName { name: "web".to_string(), zone: ZoneId(1) };
    let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
    Directory::new(types, vec!["a".to_string(), "b".to_string()], vec![subnet])
}

fn read_file(path: &Path, directory: &mut Directory) -> Result<Vec<Call>, InputError> {
    let mut reader = TraceReader::open(path, &TraceReading::default())?;
    let mut calls = Vec::new();
    while let Some(call) = reader.next(directory)? {
        calls.push(call);
    }
    Ok(calls)
}

fn read(text: &str, directory: &mut Directory) -> Result<Vec<Call>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, text).unwrap();
    let shown = folder.path().display().to_string() + "/";
    read_file(&path, directory).map_err(|error| error.to_string().replace(&shown, ""))
}

fn problems(text: &str) -> String {
    read(text, &mut directory()).unwrap_err()
}

#[test]
fn intervals_become_launches() {
    let mut directory = directory();
    let calls = read(
        "zone,vcpu,end_s,start_s,memory_gib,gpu,account,subnet,local_storage_gib,network_gbps,tenancy\n\
         a,2,3.5,1,0.75,,x,,,,\n\
         ,0.125,,1,16,0.46,,web,2,0.3,\n\
         b,2,2.000000001,2,0.75,,x,web,,,\n",
        &mut directory,
    )
    .unwrap();
    let launches: Vec<_> = calls
        .iter()
        .map(|call| match &call.action {
            Action::Launch(launch) => launch.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        calls.iter().map(|call| call.at.0).collect::<Vec<_>>(),
        [1_000_000_000, 1_000_000_000, 2_000_000_000]
    );
    assert_eq!(directory.accounts(), ["x", "default"]);
    assert_eq!([calls[0].account.0, calls[1].account.0, calls[2].account.0], [0, 1, 0]);
    assert_eq!(launches[0].end, End::At(Time(3_500_000_000)));
    assert_eq!(launches[1].end, End::Never);
    assert_eq!(launches[2].end, End::At(Time(2_000_000_001)));
    assert_eq!(launches[0].kind, launches[2].kind);
    assert_eq!(directory.types.get(launches[0].kind).request, Resources::new(2000, 768));
    assert_eq!(directory.types.get(launches[1].kind).request, Resources([125, 16384, 460, 2048, 300]));
    assert_eq!((launches[0].zone, launches[0].subnet), (Some(ZoneId(0)), None));
    assert_eq!((launches[1].zone, launches[1].subnet), (None, Some(SubnetId(0))));
    assert_eq!((launches[0].min_count, launches[0].max_count, launches[0].handle), (1, 1, None));
}

#[test]
fn operations_bind_names_from_launch_on() {
    let mut directory = directory();
    let calls = read(
        "time_s,op,instance,type,count,min_count,account,image\n\
         0,launch,a,m5.large,3,2,x,\n\
         1,stop,a,,,,x,\n\
         1,modify,a,t3.micro,,,x,\n\
         1,start,b,,,,,\n\
         2,terminate,a,,,,,\n\
         3,launch,a,m5.large,,,,\n\
         3,reboot,a,,,,,\n\
         3,describe,,,,,,\n\
         3,describe,a,,,,,\n\
         3,launch,,m5.large,4,,,\n",
        &mut directory,
    )
    .unwrap();
    let first = Handle(0);
    let (micro, large) =
        (directory.types.named("t3.micro").unwrap(), directory.types.named("m5.large").unwrap());
    match &calls[0].action {
        Action::Launch(launch) => {
            assert_eq!((launch.min_count, launch.max_count, launch.kind), (2, 3, large));
            assert_eq!((launch.handle, launch.end), (Some(first), End::Never));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(calls[1].action, Action::Stop(Targets::One(first), false));
    assert_eq!(
        calls[2].action,
        Action::Modify(
            Targets::One(first),
            Arc::new(Modification { kind: Some(micro), ..Modification::default() })
        )
    );
    assert_eq!(
        calls[3].action,
        Action::Start(Targets::One(Handle(1))),
        "a name never launched has a handle of its own"
    );
    assert_eq!(calls[4].action, Action::Terminate(Targets::One(first)));
    assert_eq!(
        calls[6].action,
        Action::Reboot(Targets::One(first)),
        "a name used again stands for the latest launch"
    );
    assert_eq!(calls[7].action, Action::Describe(Query::default()));
    assert_eq!(
        calls[8].action,
        Action::Describe(Query { targets: Some(Targets::One(first)), ..Query::default() })
    );
    assert!(
        matches!(&calls[9].action, Action::Launch(launch) if launch.handle.is_none() && launch.min_count == 4)
    );
}

#[test]
fn the_options_of_intervals_are_those_of_launches() {
    let mut names = directory();
    let calls = read(
        "start_s,end_s,type,instance,group,partition,tenancy,purchase,image,security_groups,public_address\n\
         0,9,m5.large,a,g,2,dedicated,spot,i,s|t,true\n\
         1,,m5.large,b,,,shared,,,,\n\
         2,,m5.large,c,g,2,dedicated,spot,i,s|t,\n",
        &mut names,
    )
    .unwrap();
    let launches: Vec<&Launch> = calls
        .iter()
        .map(|call| match &call.action {
            Action::Launch(launch) => launch,
            other => panic!("{other:?}"),
        })
        .collect();
    let options = launches[0].options.as_ref().unwrap();
    assert_eq!(options.image, Some(ImageHandle(0)));
    assert_eq!(options.security_groups, [SecurityGroupHandle(0), SecurityGroupHandle(1)]);
    assert_eq!((options.group, options.partition), (Some(PlacementGroupHandle(0)), Some(1)));
    assert_eq!((options.tenancy, options.spot), (LaunchTenancy::Dedicated, Some(Spot::default())));
    assert_eq!(launches[1].options, None);
    assert!(Arc::ptr_eq(options, launches[2].options.as_ref().unwrap()));
    let public: Vec<_> = launches.iter().map(|launch| launch.public_address).collect();
    assert_eq!(public, [Some(true), None, None]);
    assert!(names.handles.instances().is_empty(), "nothing refers to an instance of an interval");
}

#[test]
fn a_header_that_is_no_trace_says_what_is_expected() {
    for (text, expected) in [
        (
            "a,b\n",
            "t.csv:1: found the columns `a,b`, expected `start_s,end_s` (intervals) or `time_s,op,instance` (operations)\n  \
             help: columns of other names are stated by `--columns start=NAME,end=NAME,…`",
        ),
        ("start_s,end_s,time_s,op\n", "t.csv:1: found columns of both forms"),
        ("start_s,type\n", "t.csv:1: `end_s`: found no column `end_s` in `start_s,type`, expected it"),
        ("start_s,end_s\n", "t.csv:1: found no shape, expected `type` or `vcpu,memory_gib`"),
        ("start_s,end_s,vcpu\n", "t.csv:1: found a part of a shape"),
        ("start_s,end_s,type,vcpu,memory_gib\n", "t.csv:1: found both `type` and a shape"),
        (
            "start_s,end_s,type,zoen\n",
            "t.csv:1: `zoen`: found an unknown column, expected one of the form's\n  help: did you mean `zone`",
        ),
        ("time_s,instance,type\n", "`op`: found no column `op`"),
        (
            "vmid,cpu,mem,at,lt\n",
            "help: this is the format huawei-lt: `plimsoll trace import --format huawei-lt`",
        ),
    ] {
        let problem = problems(text);
        assert!(problem.contains(expected), "{problem}\nexpected {expected}");
    }
}

#[test]
fn a_bad_interval_says_where_what_and_what_else() {
    for (row, expected) in [
        ("x,2,1,1,,", "t.csv:3: `start_s`: found `x`, which is not a number; expected seconds, 0 or more"),
        (",2,1,1,,", "t.csv:3: `start_s`: found nothing, expected seconds"),
        ("nan,2,1,1,,", "`start_s`: found `nan`, which is not finite"),
        ("inf,,1,1,,", "`start_s`: found `inf`, which is not finite"),
        ("-1,2,1,1,,", "`start_s`: found `-1`, which is negative"),
        ("1e11,,1,1,,", "`start_s`: found `1e11`, which is too large"),
        ("18446744073.709551615,,1,1,,", "which is too large"),
        (
            "6,5.5,1,1,,",
            "t.csv:3: `end_s`: found `5.5`, which is before its start (6 s); expected `start_s` or later",
        ),
        (
            "4,,1,1,,",
            "t.csv:3: `start_s`: found `4`, which is before the row above (5 s); expected rows in time order\n  help: sort the file by `start_s`",
        ),
        (
            "5,,1.0001,1,,",
            "t.csv:3: `vcpu`: found `1.0001`, which is finer than the smallest unit; expected a number of 0 or more, a multiple of 1/1000",
        ),
        ("5,,1,0.1,,", "`memory_gib`: found `0.1`, which is finer than the smallest unit"),
        ("5,,-1,1,,", "`vcpu`: found `-1`, which is negative"),
        ("5,,1e10,1,,", "`vcpu`: found `1e10`, which is too large"),
        ("5,,,1,,", "`vcpu`: found nothing"),
        ("5,,0,0,,", "t.csv:3: found a shape of nothing"),
        ("5,,1,1,c,", "t.csv:3: `zone`: found `c`, expected a zone of the scenario\n  help: known: `a`, `b`"),
        ("5,,1,1,,g|h", "t.csv:3: `group`: found `g|h`, which is several names"),
        ("5,,1,1", "t.csv:3: found 4 values, expected 6"),
    ] {
        let problem = problems(&format!("start_s,end_s,vcpu,memory_gib,zone,group\n5,6,1,1,a,\n{row}\n"));
        assert!(problem.contains(expected), "{row}: {problem}\nexpected {expected}");
    }
    let all = problems("start_s,end_s,type,subnet\n-1,x,m5.lrge,wbe\n");
    assert_eq!(all.lines().filter(|line| line.starts_with("t.csv:2: ")).count(), 4, "{all}");
}

#[test]
fn a_bad_operation_says_where_what_and_what_else() {
    for (row, expected) in [
        (
            "1,lunch,a,,,",
            "t.csv:2: `op`: found `lunch`, which is unknown; expected an operation\n  help: did you mean `launch`",
        ),
        ("1,create-volume,a,,,", "t.csv:2: `volume`: found nothing, expected the name of a volume"),
        ("1,stop,,,,", "t.csv:2: `instance`: found nothing, expected the name of a launch"),
        ("1,launch,a,,,", "`type`: found nothing, expected an instance type"),
        (
            "1,launch,a,m5.large,0,",
            "`count`: found `0`, which cannot be a number of instances; expected a whole number from 1",
        ),
        ("1,launch,a,m5.large,2,3", "`min_count`: found `3`, which is more than `count`"),
        ("1,modify,a,x9.huge,,", "`type`: found `x9.huge`, expected an instance type"),
    ] {
        let problem = problems(&format!("time_s,op,instance,type,count,min_count\n{row}\n"));
        assert!(problem.contains(expected), "{row}: {problem}\nexpected {expected}");
    }
    let problem = problems("time_s,op,instance\n1,launch,a\n");
    assert!(problem.contains("t.csv:2: found no column for it, expected `type`"), "{problem}");
}

/// Writes rows with every sort of value.
fn write_rows(path: &Path, rows: u32) {
    let columns = [
        Column::Instance,
        Column::End,
        Column::Vcpu,
        Column::Start,
        Column::Memory,
        Column::Gpu,
        Column::Zone,
    ];
    let mut writer = TraceWriter::create(path, &columns).unwrap();
    for i in 0..rows {
        let start = Time(u64::from(i) * 333_333_333);
        let cells = Cells {
            time: start,
            end: (i % 3 != 0).then_some(Time(start.0 + u64::from(i % 7))),
            shape: Some(Resources([1 + i % 5000, i % 4099, i % 11 * 100, 0, 0])),
            instance: &format!("i,{i}"),
            zone: if i % 2 == 0 { "a" } else { "" },
            ..Cells::default()
        };
        writer.write(&cells).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn what_is_written_reads_the_same_from_every_storage_and_in_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut calls = Vec::new();
    for name in ["t.csv", "t.csv.gz", "t.parquet"] {
        let (path, again) = (folder.path().join(name), folder.path().join(format!("again-{name}")));
        write_rows(&path, 10_000);
        write_rows(&again, 10_000);
        assert!(fs::read(&path).unwrap() == fs::read(&again).unwrap(), "{name} differs from run to run");
        calls.push(read_file(&path, &mut directory()).unwrap());
    }
    assert_eq!(calls[0].len(), 10_000);
    assert!(calls[0] == calls[1]);
    assert!(calls[0] == calls[2]);
}

/// Writes a trace of operations as another system would export it.
fn write_operations(path: &Path) {
    let columns = [
        Column::Op,
        Column::Time,
        Column::Instance,
        Column::Type,
        Column::Count,
        Column::Group,
        Column::GroupStrategy,
        Column::Tags,
    ];
    let mut writer = TraceWriter::create(path, &columns).unwrap();
    for i in 0..3000 {
        let group = (Column::Group, format!("g{}", i / 10));
        let others = match i % 10 {
            0 => vec![group, (Column::GroupStrategy, "spread".to_string())],
            9 => vec![],
            _ => vec![group, (Column::Count, "2".to_string()), (Column::Tags, format!("n={}|a=", i % 3))],
        };
        let operation = match i % 10 {
            0 => Operation::CreatePlacementGroup,
            9 => Operation::Terminate,
            _ => Operation::Launch,
        };
        let launched = operation == Operation::Launch;
        let cells = Cells {
            time: Time(i / 2 * 1_500_000_000),
            operation: Some(operation),
            instance: if i % 10 == 0 { "" } else { "x" },
            kind: if launched { "m5.large" } else { "" },
            others: &others,
            ..Cells::default()
        };
        writer.write(&cells).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn operations_read_the_same_from_every_storage() {
    let folder = tempfile::tempdir().unwrap();
    let mut calls = Vec::new();
    for name in ["t.csv", "t.csv.gz", "t.parquet"] {
        let path = folder.path().join(name);
        write_operations(&path);
        calls.push(read_file(&path, &mut directory()).unwrap());
    }
    assert_eq!(calls[0].len(), 3000);
    assert!(
        calls[0]
            .iter()
            .any(|call| matches!(&call.action, Action::Launch(launch) if launch.options.is_some()))
    );
    assert!(calls[0] == calls[1]);
    assert!(calls[0] == calls[2]);
}

#[test]
fn parquet_is_read_across_row_groups_and_refused_when_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    write_rows(&path, 140_000);
    assert_eq!(read_file(&path, &mut directory()).unwrap().len(), 140_000);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let problem = read_file(&path, &mut directory()).unwrap_err().to_string();
    assert!(problem.contains("t.parquet: cannot be read") && problem.contains("truncated"), "{problem}");
}

#[test]
fn a_bad_row_of_parquet_has_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    write_rows(&path, 5000);
    let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
    let mut other = Directory::new(types, vec!["b".to_string()], Vec::new());
    let problem = read_file(&path, &mut other).unwrap_err().to_string();
    assert!(problem.contains("t.parquet:1: `zone`: found `a`"), "{problem}");
}

#[test]
fn the_last_event_counts_starts_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, "start_s,end_s,type\n0,100,m5.large\n7,9,m5.large\n").unwrap();
    let mut reader = TraceReader::open(&path, &TraceReading::default()).unwrap();
    let mut names = directory();
    while reader.next(&mut names).unwrap().is_some() {}
    assert_eq!(reader.last_event(), Time(100_000_000_000));
}

/// Returns the starts of the calls of a trace \[s\], counted from an origin, or the first problem.
fn starts(text: &str, origin: Option<&str>) -> Result<Vec<f64>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, text).unwrap();
    let shown = folder.path().display().to_string() + "/";
    let told = |error: InputError| error.to_string().replace(&shown, "");
    let origin = origin.map(|origin| origin.parse().unwrap());
    let mut reader =
        TraceReader::open(&path, &TraceReading { origin, ..TraceReading::default() }).map_err(told)?;
    let (mut names, mut starts) = (directory(), Vec::new());
    while let Some(call) = reader.next(&mut names).map_err(told)? {
        starts.push(call.at.as_seconds());
        let Action::Launch(Launch { end: End::At(end), .. }) = call.action else { panic!("{call:?}") };
        assert_eq!(end.as_seconds(), call.at.as_seconds() + 60.0);
    }
    Ok(starts)
}

#[test]
fn times_count_from_the_origin_that_is_stated() {
    let unix = "start_s,end_s,type\n1735689600,1735689660,m5.large\n1735690000.5,1735690060.5,m5.large\n";
    for (origin, first) in [
        (None, 1_735_689_600.0),
        (Some("epoch"), 1_735_689_600.0),
        (Some("first"), 0.0),
        (Some("1735689000"), 600.0),
        (Some("2024-12-31"), 86_400.0),
        (Some("2024-12-31T23:59:30.5Z"), 29.5),
        (Some("2025-01-01 00:00:00"), 0.0),
    ] {
        assert_eq!(starts(unix, origin).unwrap(), [first, first + 400.5], "{origin:?}");
    }
    let problem = starts(unix, Some("2025-01-01T00:00:01Z")).unwrap_err();
    assert!(
        problem.contains("t.csv:2: `start_s`: found `1735689600`, which is before the origin"),
        "{problem}"
    );
    let unordered = "start_s,end_s,type\n100,160,m5.large\n40,100,m5.large\n";
    assert!(
        starts(unordered, Some("first"))
            .unwrap_err()
            .contains("before the first row (100 s); expected rows in time order")
    );
    assert_eq!(
        "noon".parse::<plimsoll_base::table::clock::ClockOrigin>().unwrap_err(),
        "found `noon`, expected \"first\", \"epoch\", seconds, or a date and time of UTC such as \
         \"2026-01-01T00:00:00Z\""
    );
}

#[test]
fn dates_are_times_where_an_origin_is_stated() {
    let dates = "start_s,end_s,type\n2026-03-01T12:00:00Z,2026-03-01T12:01:00Z,m5.large\n\
                 2026-03-02 00:00:00.250,2026-03-02 00:01:00.250,m5.large\n";
    assert_eq!(starts(dates, Some("first")).unwrap(), [0.0, 43_200.25]);
    assert_eq!(starts(dates, Some("2026-03-01")).unwrap(), [43_200.0, 86_400.25]);
    let problem = starts(dates, None).unwrap_err();
    assert!(problem.contains("is a date without an origin to count from"), "{problem}");
    assert!(problem.contains("set `workload.trace_origin = \"first\"`"), "{problem}");
    let half = "start_s,end_s,type\n2026-03-01T12:00Q,,m5.large\n";
    assert!(starts(half, Some("first")).unwrap_err().contains("which is not a number"));
}

/// A Parquet file with any damaged byte gives rows or a problem.
#[test]
fn no_damage_of_a_parquet_file_is_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let columns = [Column::Start, Column::End, Column::Instance, Column::Vcpu];
    let mut writer = TraceWriter::create(&path, &columns).unwrap();
    for i in 0..20 {
        let end = (i % 3 > 0).then_some(Time(i + 1));
        writer.write(&Cells { time: Time(i), end, instance: "abc", ..Cells::default() }).unwrap();
    }
    writer.finish().unwrap();
    let whole = fs::read(&path).unwrap();
    let read = || -> Result<(), plimsoll_base::input::Problem> {
        let mut table = Table::open(&path)?;
        while table.advance()? {
            for column in 0..table.header().len() {
                table.text(column)?;
            }
        }
        Ok(())
    };
    let mut wrong = 0;
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= [0x01, 0x80, 0xff][at % 3];
        fs::write(&path, bytes).unwrap();
        wrong += usize::from(read().is_err());
    }
    assert!(wrong > whole.len() / 4, "{wrong} of {} bytes", whole.len());
}

/// Reads a trace as it is told to; returns its rows as text and the notes.
fn read_as(name: &str, text: &str, reading: &TraceReading) -> Result<(Vec<String>, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let shown = folder.path().display().to_string() + "/";
    let told = |error: InputError| error.to_string().replace(&shown, "");
    let mut directory = directory();
    let mut reader = TraceReader::open(&path, reading).map_err(told)?;
    let mut rows = Vec::new();
    while let Some(call) = reader.next(&mut directory).map_err(told)? {
        let Action::Launch(launch) = &call.action else { panic!("{call:?}") };
        let kind = directory.types.get(launch.kind);
        rows.push(format!("{} {:?} {} {:?}", call.at.0, launch.end, kind.name, launch.public_address));
    }
    Ok((rows, reader.notes()))
}

/// The exports of spreadsheets, R, pandas and databases give the rows of the plain file.
#[test]
fn whatever_writers_of_tables_write_is_the_plain_file() {
    let plain = "start_s,end_s,vcpu,memory_gib,public_address\n0,10,2,4,true\n1.5,,1,0.5,false\n2,,1,1,\n";
    let reading = TraceReading::default();
    let (expected, notes) = read_as("t.csv", plain, &reading).unwrap();
    assert_eq!((expected.len(), notes.len()), (3, 0));
    for (name, text) in [
        (
            "t.csv",
            "\u{feff}start_s;end_s;vcpu;memory_gib;public_address\r\n0;10;2;4;True\r\n1.5;NULL;1;0.5;FALSE\r\n2;;1;1;NA\r\n",
        ),
        (
            "t.tsv",
            "start_s\tend_s\tvcpu\tmemory_gib\tpublic_address\n0\t10.0\t2.0\t4\tTRUE\n1.5\tNaN\t1\t0.5\tFalse\n2\tnan\t1\t1\tNone\n",
        ),
        (
            "t.txt",
            "start_s|end_s|vcpu|memory_gib|public_address\n0|10|\"2\"|4|true\n1.5|\\N|1|0.5|false\n2|NA|1|1|\n",
        ),
        // Binary floating point: noise far below a nanosecond.
        (
            "t.csv",
            "start_s,end_s,vcpu,memory_gib,public_address\n0,10.000000000000002,2,4,true\n1.4999999999999998,,1,0.5,false\n2,,1,1,\n",
        ),
    ] {
        let (rows, notes) = read_as(name, text, &reading).unwrap();
        assert_eq!(rows, expected, "{text}");
        assert!(notes.is_empty(), "{notes:?}");
    }
    let (rows, notes) = read_as(
        "t.csv",
        &plain.replacen("start_s,end_s,vcpu,memory_gib", "Start S, END_S ,vCPU,Memory (GiB)", 1),
        &reading,
    )
    .unwrap();
    assert_eq!((rows, notes.len()), (expected, 4));
    // A cell that must have a value is not empty by a word.
    let problem = read_as("t.csv", "start_s,end_s,vcpu,memory_gib\nNA,,1,1\n", &reading).unwrap_err();
    assert!(problem.contains("t.csv:2: `start_s`: found `NA`, which is not a number"), "{problem}");
}

#[test]
fn columns_of_other_names_are_read_as_told_and_the_rest_left_unread() {
    let text = "id,Launch Time,terminate_time,cpu,ram,owner\na,0,10,2,4,x\nb,1,,1,1,y\n";
    let columns = "start=Launch Time,end=terminate_time,vcpu=cpu,memory=ram,account=owner".parse().unwrap();
    let (rows, notes) = read_as("t.csv", text, &TraceReading { columns, ..TraceReading::default() }).unwrap();
    let (expected, _) =
        read_as("t.csv", "start_s,end_s,vcpu,memory_gib\n0,10,2,4\n1,,1,1\n", &TraceReading::default())
            .unwrap();
    assert_eq!(rows, expected);
    assert_eq!(notes, ["columns that no form has are not read: id"]);
    let columns = "start=launched,end=terminate_time".parse().unwrap();
    let problem = read_as("t.csv", text, &TraceReading { columns, ..TraceReading::default() }).unwrap_err();
    assert!(problem.contains("found no column `launched`, expected it for `start_s`"), "{problem}");
}

#[test]
fn sizes_finer_than_their_unit_are_refused_or_rounded_up_and_counted() {
    let text = "start_s,end_s,vcpu,memory_gib\n0,,0.3333333,0.6\n1,,1,1\n2,,0.3333333,0.6\n";
    let problem = read_as("t.csv", text, &TraceReading::default()).unwrap_err();
    assert!(
        problem.contains("which is finer than the smallest unit") && problem.contains("`--round`"),
        "{problem}"
    );
    let (rows, notes) =
        read_as("t.csv", text, &TraceReading { round: true, ..TraceReading::default() }).unwrap();
    assert_eq!(notes, ["sizes finer than their unit were rounded up in 2 rows"]);
    let (expected, _) = read_as(
        "t.csv",
        "start_s,end_s,vcpu,memory_gib\n0,,0.334,0.6005859375\n1,,1,1\n2,,0.334,0.6005859375\n",
        &TraceReading::default(),
    )
    .unwrap();
    assert_eq!(rows, expected);
}
