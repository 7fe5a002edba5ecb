//! The conformance kit: requirements on every format of the register. A new format adds its rows to
//! [`sample`], nothing else.

use super::*;
use crate::operation::Operation;
use crate::workload::call::{Action, End};
use crate::workload::directory::Directory;
use crate::workload::trace::TraceReader;
use crate::workload::trace::reading::TraceReading;
use flate2::read::MultiGzDecoder;
use plimsoll_base::catalogue::{ShapePrice, TypeTable};
use plimsoll_base::table::Separator;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;

/// Sample with which a format is tried.
struct Sample {
    /// The file that most is tried with, by its name.
    name: &'static str,
    /// Contents.
    text: &'static str,
    /// Beside it, the other files of a folder.
    others: &'static [(&'static str, &'static str)],
    /// The canonical rows it becomes.
    canonical: &'static str,
}

fn file(text: &'static str, canonical: &'static str) -> Sample {
    Sample { name: "in.csv", text, others: &[], canonical }
}

fn named(name: &'static str, text: &'static str, canonical: &'static str) -> Sample {
    Sample { name, ..file(text, canonical) }
}

/// Returns a small original of a format.
fn sample(format: &str) -> Sample {
    match format {
        // Made up, after the descriptions of the formats.
        "azure-vmtable-v1" => file(
            "vm1,sub1,dep1,0,2591700,99.3,3.4,7.2,Delay-insensitive,1,1.75\n\
             vm2,sub1,dep1,300,2591400,12.5,3.4,7.2,Interactive,16,112\n\
             vm3,sub2,dep2,600,600,50.0,3.4,7.2,Unknown,2,3.5\n",
            "start_s,end_s,instance,account,vcpu,memory_gib\n\
             0,,vm1,sub1,1,1.75\n\
             300,2591400,vm2,sub1,16,112\n\
             600,600,vm3,sub2,2,3.5\n",
        ),
        "azure-vmtable-v2" => file(
            "vm1,sub1,dep1,0,2591700,99.3,3.4,7.2,Delay-insensitive,2,4\n\
             vm2,sub1,dep1,300,2591400,12.5,3.4,7.2,Interactive,>24,>64\n",
            "start_s,end_s,instance,account,vcpu,memory_gib\n\
             0,,vm1,sub1,2,4\n\
             300,2591400,vm2,sub1,30,70\n",
        ),
        "alibaba-gpu-2020" => file(
            "job1,tensorflow,2,Terminated,100,250,600.0,29.296875,50.0,MISC\n\
             job2,worker,1,Running,50,,100.0,,,\n\
             job3,ps,1,Waiting,,,600.0,10,,\n",
            "start_s,end_s,instance,vcpu,memory_gib,gpu\n\
             0,,job2/worker,1,0,0\n\
             50,200,job1/tensorflow,6,29.296875,0.5\n\
             50,200,job1/tensorflow,6,29.296875,0.5\n",
        ),
        "alibaba-gpu-2025" => file(
            "instance_sn,role,app_name,cpu_request,cpu_limit,gpu_request,gpu_limit,rdma_request,rdma_limit,memory_request,memory_limit,disk_request,disk_limit,max_instance_per_node,creation_time,scheduled_time,deletion_time\n\
             i1,HN,a0,12,12,1,1,25,25,120.0,120.0,680.0,800.0,8,,,\n\
             i2,CN,a1,64,64,0,0,1,1,320.0,320.0,255.5,300.0,-1,1435629.0,1435630.0,1435760.0\n",
            "start_s,end_s,instance,account,vcpu,memory_gib,gpu,local_storage_gib\n\
             0,,i1,a0,12,120,1,680\n\
             1435629,1435760,i2,a1,64,320,0,255.5\n",
        ),
        "alibaba-2018-batch" => file(
            "M1,2,j_1,1,Terminated,100000,100060,100.0,0.5\n\
             R2_1,1,j_1,1,Running,100030,0,50,\n\
             M3,1,j_2,1,Waiting,0,0,100,1\n",
            "start_s,end_s,instance,vcpu,memory_gib\n\
             0,60,j_1/M1,1,1.9208984375\n\
             0,60,j_1/M1,1,1.9208984375\n\
             30,,j_1/R2_1,0.5,0\n",
        ),
        "alibaba-2018-containers" => file(
            "c_1,m_1,0,app_1,started,400,400,1.56\n\
             c_1,m_1,60,app_1,started,400,400,1.56\n\
             c_2,m_2,30,app_2,started,800,800,3.13\n\
             c_3,m_2,30,app_2,allocated,800,800,3.13\n",
            "start_s,end_s,instance,account,vcpu,memory_gib\n\
             0,,c_1,app_1,4,5.9912109375\n\
             30,,c_2,app_2,8,12.01953125\n",
        ),
        "alibaba-spot-2026" => file(
            "job_name,organization,gpu_model,cpu_request,gpu_request,worker_num,submit_time,duration,job_type\n\
             7,13,A10,20,1,1,0,2764799,HP\n\
             8,57,A100,15,0.5,2,10,41060,Spot\n",
            "start_s,end_s,instance,account,vcpu,memory_gib,gpu,gpu_model,purchase\n\
             0,2764799,7,13,20,0,1,A10,\n\
             10,41070,8,57,15,0,0.5,A100,spot\n\
             10,41070,8,57,15,0,0.5,A100,spot\n",
        ),
        "google-2019" => Sample {
            name: "instance_events-000.csv",
            text: "time,type,collection_id,instance_index,machine_id,scheduling_class,priority,alloc_collection_id,cpus,memory\n\
                   600000000,3,9,0,77,2,200,0,0.125,0.0625\n\
                   600000000,0,9,1,,2,200,0,0.125,0.0625\n\
                   601000000,3,8,0,77,2,200,9,0.5,0.5\n\
                   605000000,6,9,0,77,2,200,0,0.125,0.0625\n",
            others: &[],
            canonical: "start_s,end_s,instance,account,vcpu,memory_gib\n0,5,9/0,,2,4\n",
        },
        "google-2011" => Sample {
            name: "part-00000-of-00500.csv",
            text: "600000000,,3418309,0,4155527081,1,user1,3,9,0.125,0.0625,0.0004,0\n\
                   600000000,,3418309,1,,0,user1,3,9,0.125,0.0625,0.0004,0\n\
                   605000000,,3418309,0,4155527081,4,user1,3,9,0.125,0.0625,0.0004,0\n",
            others: &[("part-00001-of-00500.csv", "606000000,,3418309,1,5,1,user1,3,9,0.03125,0.01,,\n")],
            canonical: "start_s,end_s,instance,account,vcpu,memory_gib\n\
                        0,5,3418309/0,user1,2,4\n\
                        6,,3418309/1,user1,0.5,0.640625\n",
        },
        "bitbrains" => Sample {
            name: "1.csv",
            text: "Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\tMemory capacity provisioned [KB];\tMemory usage [KB];\tDisk read throughput [KB/s];\tDisk write throughput [KB/s];\tNetwork received throughput [KB/s];\tNetwork transmitted throughput [KB/s]\n\
                   1376314846;\t4;\t11703.99;\t10912.02;\t93.2;\t6.7108864E7;\t6129274.4;\t0.13;\t20.3;\t0.26;\t1.4\n\
                   1376315146;\t8;\t11703.99;\t10890.57;\t93.0;\t6.7108864E7;\t6755624.0;\t0.0;\t2.46;\t0.13;\t1.2\n",
            others: &[(
                "2.csv",
                "Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\tMemory capacity provisioned [KB];\tMemory usage [KB];\tDisk read throughput [KB/s];\tDisk write throughput [KB/s];\tNetwork received throughput [KB/s];\tNetwork transmitted throughput [KB/s]\n\
                 1376314746000;\t1;\t1;\t1;\t1;\t1048576;\t1;\t0;\t0;\t0;\t0\n",
            )],
            canonical: "start_s,end_s,instance,vcpu,memory_gib\n0,300,2,1,1\n100,700,1,8,64\n",
        },
        "philly" => Sample {
            name: "cluster_job_log",
            text: r#"[{"status":"Pass","vc":"v1","jobid":"j1","submitted_time":"2017-10-07 01:11:39","user":"u",
                "attempts":[{"start_time":"2017-10-07 01:12:09","end_time":"2017-10-07 01:13:23",
                             "detail":[{"ip":"m47","gpus":["gpu0","gpu1"]},{"ip":"m48","gpus":["gpu0"]}]},
                            {"start_time":"2017-10-07 01:13:30","end_time":null,"detail":[{"ip":"m4","gpus":["gpu7"]}]}]},
               {"status":"Killed","vc":"v2","jobid":"j2","submitted_time":"2017-10-07 01:11:39","user":"u","attempts":[]}]"#,
            others: &[],
            canonical: "start_s,end_s,instance,account,vcpu,memory_gib,gpu\n\
                        0,74,j1/0,v1,0,0,2\n0,74,j1/0,v1,0,0,1\n81,,j1/1,v1,0,0,1\n",
        },
        "swf" => named(
            "in.swf",
            "; Version: 2.2\n; Computer: made up, for a test\n;\n\
             1 0 5 100 4 -1 1048576 -1 -1 -1 1 7 1 -1 0 -1 -1 -1\n\
             2   30  -1  -1   8 -1 -1  16 3600 2097152  5 -1 -1 -1 -1 -1  1 10\n\
             3 40 0 0.5 1 -1 -1 1 -1 -1 1 9 1 -1 0 -1 -1 -1\n\
             4 50 -1 10 -1 -1 -1 -1 -1 -1 0 9 1 -1 0 -1 -1 -1\n",
            "start_s,end_s,instance,account,vcpu,memory_gib\n\
             0,100,1,user-7,4,4\n\
             30,,2,,16,32\n\
             40,40.5,3,user-9,1,0\n",
        ),
        "gwf" => named(
            "in.gwf",
            "# JobID SubmitTime ...\n\
             0\t1136070024\t203761\t138467\t1\t138371\t97000\t1\t259200\t-1\t1\tU0\tG0\tX0\tQ0\t-1\tO0\tE0\t-1\t-1\t-1\t-1\t-1\t-1\t-1\t-1\t-1\t-1\t-1\n\
             1\t1136070690\t0\t-1\t2\t-1\t-1\t-1\t-1\t2048\t1\t-1\tG0\tX0\tQ0\t-1\tO0\tE0\t-1\t-1\t-1\t-1\t-1\t-1\t-1\t-1\t-1\t-1\t-1\n",
            "start_s,end_s,instance,account,vcpu,memory_gib\n\
             0,138467,0,U0,1,0.0927734375\n\
             666,,1,,2,0.001953125\n",
        ),
        "azure-v1" => file(
            "bin_time_s,batch,vcpu,mem_gib,dur_min_s,dur_max_s,censored\n\
             2100000,0,8,14,900,900,0\n\
             2100000,1,1,1.75,68700,72000,0\n\
             2100000,1,1,0.75,0,0,0\n\
             2100300,2,2,3.5,3900,7201,0\n\
             2100300,3,4,7,300,300,1\n",
            "start_s,end_s,vcpu,memory_gib\n\
             0,900,8,14\n\
             0,70350,1,1.75\n\
             0,0,1,0.75\n\
             300,5850.5,2,3.5\n\
             300,,4,7\n",
        ),
        // Made up: the licence of the real rows does not allow passing them on with this project.
        "huawei-lt" => file(
            "vmid,cpu,mem,at,lt\n0,3,5,0.0,100.0\n1,1,7,2.0,400.0\n2,2,9,2.0,0.5\n",
            "start_s,end_s,instance,vcpu,memory_gib\n0,100,0,3,5\n2,402,1,1,7\n2,2.5,2,2,9\n",
        ),
        "openb" => file(
            "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n\
             p1,12000,16384,1,1000,,LS,Running,7,12537496,7\n\
             p0,6000,12289,1,460,V100M16|V100M32,BE,Pending,0,900,\n\
             p2,8000,0,8,1000,,LS,Running,7,,9\n\
             p3,0,0,0,0,,LS,Running,7,8,9\n\
             p4,1,1,0,0,,LS,Failed,7,6,\n",
            "start_s,end_s,instance,vcpu,memory_gib,gpu,gpu_model\n\
             0,900,p0,6,12.0009765625,0.46,V100M16|V100M32\n\
             7,12537496,p1,12,16,1,\n\
             7,,p2,8,0,8,\n",
        ),
        "huawei-topology" => Sample {
            name: "VM_data_C1.csv",
            text: "flavor_vcpus,flavor_ram,numa,strategy,group,domain\n\
                   8,16,1,fault_domain,0.0,1.0\n\
                   8,16,2,fault_domain,0.0,0.0\n\
                   4,8,1,,,\n\
                   16,64,1,affinity,0.0,\n",
            others: &[
                ("VM_data_C2.csv", "flavor_vcpus,flavor_ram,numa,strategy,group,domain\n1,2,1,,,\n"),
                (
                    "VM_data_C3.csv",
                    "flavor_vcpus,flavor_ram,numa,strategy,group,domain\n2,4,2,anti-affinity,7.0,\n",
                ),
                ("VM_data_C4.csv", "flavor_vcpus,flavor_ram,numa,strategy,group,domain\n"),
                ("VM_data_C5.csv", "flavor_vcpus,flavor_ram,numa,strategy,group,domain\n"),
            ],
            canonical: "time_s,op,instance,vcpu,memory_gib,numa,group,group_strategy,partitions,partition\n\
                        0,create-placement-group,,,,,C1-fd-0,partition,3,\n\
                        0,launch,,8,16,1,C1-fd-0,,,2\n\
                        1,launch,,8,16,2,C1-fd-0,,,1\n\
                        2,launch,,4,8,1,,,,\n\
                        3,create-placement-group,,,,,C1-affinity-0,cluster,,\n\
                        3,launch,,16,64,1,C1-affinity-0,,,\n\
                        4,launch,,1,2,1,,,,\n\
                        5,create-placement-group,,,,,C3-anti-affinity-7,spread,,\n\
                        5,launch,,2,4,2,C3-anti-affinity-7,,,\n",
        },
        other => panic!("the conformance kit has no sample of {other}: add one"),
    }
}

impl Sample {
    /// Writes the original into a folder, its main file holding `text`, and returns what to import.
    fn write(&self, format: &Format, folder: &Path, text: &str) -> PathBuf {
        let original = folder.join("original");
        fs::create_dir_all(&original).unwrap();
        fs::write(original.join(self.name), text).unwrap();
        for (name, text) in self.others {
            fs::write(original.join(name), text).unwrap();
        }
        match format.source {
            PublishedForm::Table { .. } => original.join(self.name),
            PublishedForm::Folder { .. } => original,
        }
    }

    /// Returns the number of rows of all its files.
    fn rows(&self, format: &Format) -> u64 {
        let texts = self.others.iter().map(|(_, text)| *text).chain([self.text]);
        texts.map(|text| Parts::of(format, text).rows.len() as u64).sum()
    }
}

/// Returns the formats with a sample of text; OpenDC's is Parquet, with a test of its own.
fn formats() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(|format| format.name != "opendc")
}

/// Returns the layout of the text of a format; `None` where it is published otherwise.
fn layout_of(format: &Format) -> Option<Layout> {
    match format.source {
        PublishedForm::Table { layout, .. } => Some(layout),
        PublishedForm::Folder { layout, .. } => layout,
    }
}

/// A text cut into what stands before its rows, and these.
struct Parts<'a> {
    /// Comments, and the header where there is one.
    head: Vec<&'a str>,
    rows: Vec<&'a str>,
    separator: char,
    columns: Vec<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(format: &Format, text: &'a str) -> Parts<'a> {
        let layout = layout_of(format);
        let is_comment =
            |line: &&str| layout.and_then(|of| of.comment).is_some_and(|byte| line.as_bytes()[0] == byte);
        let header = usize::from(layout.is_none_or(|layout| layout.has_header));
        let before = text.lines().take_while(is_comment).count() + header;
        let lines: Vec<&str> = text.lines().collect();
        let (head, rows) = lines.split_at(before);
        let separator = match layout.map(|layout| layout.separator) {
            Some(Separator::Byte(byte)) => char::from(byte),
            Some(Separator::Blanks) => ' ',
            Some(Separator::ByHeader) | None => ',',
        };
        let columns = match layout.filter(|layout| !layout.has_header) {
            Some(layout) => layout.columns.to_vec(),
            None => head[before - 1].split(separator).map(str::trim).collect(),
        };
        Parts { head: head.to_vec(), rows: rows.to_vec(), separator, columns }
    }

    /// Returns the cells of a row.
    fn cells(&self, row: &'a str) -> Vec<&'a str> {
        match self.separator {
            ' ' => row.split_whitespace().collect(),
            separator => row.split(separator).map(str::trim).collect(),
        }
    }

    /// Returns the text with these rows in place of its own.
    fn with_rows(&self, rows: &[String]) -> String {
        let lines = self.head.iter().map(ToString::to_string).chain(rows.iter().cloned());
        lines.map(|line| line + "\n").collect()
    }

    /// Returns a row of these cells.
    fn row(&self, cells: &[&str]) -> String {
        cells.join(&self.separator.to_string())
    }

    /// Returns the line of the first row, from 1.
    fn first_line(&self) -> usize {
        self.head.len() + 1
    }
}

/// Imports the sample of a format with another text in its main file; returns the report and the canonical
/// text.
fn import(format: &Format, text: &str) -> Result<(ImportReport, String), InputError> {
    let folder = tempfile::tempdir().unwrap();
    let input = sample(format.name).write(format, folder.path(), text);
    let output = folder.path().join("out.csv");
    let report = format.import(&input, &output)?;
    Ok((report, fs::read_to_string(output).unwrap()))
}

#[test]
fn every_format_becomes_the_canonical_rows_of_its_sample() {
    for format in formats() {
        let sample = sample(format.name);
        let (report, canonical) = import(format, sample.text).unwrap();
        assert_eq!(canonical, sample.canonical, "{}", format.name);
        let left_out: u64 = report.left_out.values().sum();
        if layout_of(format).is_some() {
            assert_eq!(report.rows_read, sample.rows(format), "{}", format.name);
        }
        assert_eq!(report.rows_written, canonical.lines().count() as u64 - 1, "{}", format.name);
        let accounted = report.rows_written - report.rows_added + left_out;
        assert_eq!(accounted, report.rows_read, "{}: rows are missing", format.name);
    }
}

#[test]
fn every_format_gives_a_trace_in_time_order_that_reads_back() {
    for format in formats() {
        let folder = tempfile::tempdir().unwrap();
        let sample = sample(format.name);
        let input = sample.write(format, folder.path(), sample.text);
        let output = folder.path().join("out.parquet");
        let report = format.import(&input, &output).unwrap();
        assert_eq!(check_trace(&output), report.rows_written, "{}", format.name);
    }
}

/// Reads a canonical trace through the reader a run uses; returns its rows.
fn check_trace(path: &Path) -> u64 {
    let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
    let mut directory = Directory::without_scenario(types);
    let mut reader = TraceReader::open(path, &TraceReading::default()).unwrap();
    let (mut rows, mut latest) = (0, Time::ZERO);
    while let Some(call) = reader.next(&mut directory).unwrap() {
        assert!(call.at >= latest);
        match &call.action {
            Action::Launch(launch) => assert!(!matches!(launch.end, End::At(end) if end < call.at)),
            other => assert_eq!(other.operation(), Operation::CreatePlacementGroup),
        }
        (rows, latest) = (rows + 1, call.at);
    }
    rows
}

#[test]
fn every_format_gives_the_same_bytes_again_whatever_the_storage() {
    for format in formats() {
        let folder = tempfile::tempdir().unwrap();
        let sample = sample(format.name);
        let input = sample.write(format, folder.path(), sample.text);
        for name in ["csv", "csv.gz", "parquet"] {
            let (a, b) = (folder.path().join(format!("a.{name}")), folder.path().join(format!("b.{name}")));
            format.import(&input, &a).unwrap();
            format.import(&input, &b).unwrap();
            assert!(fs::read(&a).unwrap() == fs::read(&b).unwrap(), "{} as {name}", format.name);
        }
    }
}

/// Cells that a format reads as text, or not at all: a word there is no mistake.
const MAY_BE_A_WORD: &[&str] = &[
    "machine_id",
    "scheduling_class",
    "priority",
    "disk_space_request",
    "different_machines",
    "task_type",
    "task_name",
    "organization",
    "job_name",
    "CPU capacity provisioned [MHZ]",
    "CPU usage [MHZ]",
    "CPU usage [%]",
    "Memory usage [KB]",
    "Disk read throughput [KB/s]",
    "Disk write throughput [KB/s]",
    "Network received throughput [KB/s]",
    "Network transmitted throughput [KB/s]",
    "vmid",
    "batch",
    "scheduled_time",
    "maxcpu",
    "avgcpu",
    "p95maxcpu",
    "gpu_limit",
    "cpu_limit",
    "rdma_request",
    "rdma_limit",
    "memory_limit",
    "disk_limit",
    "max_instance_per_node",
    "job",
    "wait_s",
    "cpu_s",
    "requested_s",
    "status",
    "user",
    "group",
    "executable",
    "queue",
    "partition",
    "preceding_job",
    "think_s",
    "JobID",
    "WaitTime",
    "AverageCPUTimeUsed",
    "ReqTime",
    "Status",
    "PartitionID",
    "JobStructure",
    "JobStructureParams",
    "UsedNetwork",
    "UsedLocalDiskSpace",
    "UsedResources",
    "ReqPlatform",
    "ReqNetwork",
    "ReqLocalDiskSpace",
    "ReqResources",
    "VOID",
    "ProjectID",
];

#[test]
fn every_format_says_where_it_cannot_be_read() {
    for format in formats().filter(|format| layout_of(format).is_some()) {
        let Sample { name, text, .. } = sample(format.name);
        let parts = Parts::of(format, text);
        let (row, line) = (parts.rows[0], parts.first_line());
        // Cut within the second row: too few values.
        let cut = parts.with_rows(&[row.to_string(), parts.row(&["1", "2"])]);
        let problem = import(format, &cut).unwrap_err().to_string();
        assert!(problem.contains(&format!("{name}:{}: found 2 values", line + 1)), "{problem}");
        // Each number in turn is none.
        let cells = parts.cells(row);
        for (i, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.parse::<f64>().is_ok()) {
            let mut wrong = cells.clone();
            wrong[i] = "x";
            let column = parts.columns[i];
            match import(format, &parts.with_rows(&[parts.row(&wrong)])) {
                Err(error) => {
                    let problem = error.to_string();
                    assert!(problem.contains(&format!("{name}:{line}: `{column}`: found `x`")), "{problem}");
                }
                // A number that is used only where another is unknown.
                Ok(_) if *cell == "-1" || ["processors", "UsedMemory", "NProcs"].contains(&column) => {}
                Ok(_) => assert!(MAY_BE_A_WORD.contains(&column), "{}: {column} {cell}", format.name),
            }
        }
        // No column is one of the format's.
        if parts.head.last().is_some_and(|header| header.starts_with(parts.columns[0])) {
            let problem = import(format, "a,b\n1,2\n").unwrap_err().to_string();
            let found = format!("{name}:1: found the columns `a,b`, expected `{}`", parts.columns.join(","));
            assert!(problem.contains(&found) && problem.contains("plimsoll list traces"), "{problem}");
        }
        // A column is missing, and one is unknown.
        if parts.head.last().is_some_and(|header| header.starts_with(parts.columns[0])) {
            let wrong = text.replacen(parts.columns[0], "nonsense", 1);
            let problem = import(format, &wrong).unwrap_err().to_string();
            assert!(problem.contains(&format!("{name}:1: `nonsense`: found an unknown column")), "{problem}");
            assert!(problem.contains("found no such column"), "{problem}");
        }
    }
}

/// An import without `--format` takes a file for what it is.
#[test]
fn every_format_is_told_from_all_others_by_its_sample() {
    for format in formats() {
        let folder = tempfile::tempdir().unwrap();
        let input = sample(format.name).write(format, folder.path(), sample(format.name).text);
        assert_eq!(Format::of(&input).unwrap().name, format.name);
    }
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        Format::of(&path).map(|format| format.name).map_err(|error| error.to_string())
    };
    let problem = of("a.csv", "a,b\n1,2\n").unwrap_err();
    let found = "found the columns `a,b`, expected one of the formats";
    assert!(problem.contains(found) && problem.contains("`--columns`"), "{problem}");
    // Rows whose sizes are those of either year.
    let problem = of("b.csv", "vm,s,d,0,300,1,1,1,Unknown,4,8\n").unwrap_err();
    assert!(problem.contains("`azure-vmtable-v1` or `azure-vmtable-v2`"), "{problem}");
    let of = |path: &str| Format::of(Path::new(path)).map(|format| format.name).unwrap_err().to_string();
    assert!(of("/nowhere/t.csv").contains("no such file"));
    assert!(of("-").contains("expected the format of standard input"));
}

#[test]
fn every_format_leaves_an_older_file_alone_when_it_fails() {
    for format in formats() {
        let folder = tempfile::tempdir().unwrap();
        let input = sample(format.name).write(format, folder.path(), "x\n");
        let output = folder.path().join("out.csv");
        fs::write(&output, "old").unwrap();
        format.import(&input, &output).unwrap_err();
        assert_eq!(fs::read_to_string(&output).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}

#[test]
fn what_cannot_be_said_is_reported_by_reason() {
    let (report, _) = import(Format::named("openb").unwrap(), sample("openb").text).unwrap();
    let left_out: Vec<_> = report.left_out.into_iter().collect();
    assert_eq!(left_out, [("ask for nothing", 1), ("end before they start", 1)]);
    assert!(report.sorted);
    // Every fact that a row states and the form has no column for, whatever the rows are.
    let lost: Vec<_> = report.lost.iter().map(|(what, rows)| (*what, *rows > 0)).collect();
    let all = [
        "its class of service",
        "its phase in the original cluster",
        "the time at which it was scheduled there",
    ];
    assert_eq!(lost, all.map(|what| (what, true)));
    let topology = Format::named("huawei-topology").unwrap();
    let (report, _) = import(topology, sample("huawei-topology").text).unwrap();
    assert!(report.lost.is_empty(), "{:?}", report.lost);
    assert_eq!((report.rows_read, report.rows_added), (6, 3));
}

#[test]
fn a_request_of_the_topology_that_cannot_be_says_where() {
    let topology = Format::named("huawei-topology").unwrap();
    for (row, expected) in [
        ("8,16,3,,,", "`numa`: found `3`, which is neither 1 nor 2"),
        ("8,16,1,affine,0.0,", "`strategy`: found `affine`, which is unknown"),
        ("8,16,1,affinity,,", "`group`: found nothing"),
        ("8,16,1,fault_domain,0.0,", "`domain`: found nothing"),
        ("8,16,1,fault_domain,0.0,3.0", "`domain`: found `3.0`, which is too large"),
    ] {
        let text = format!("{}\n{row}\n", sample("huawei-topology").text.lines().next().unwrap());
        let problem = import(topology, &text).unwrap_err().to_string();
        assert!(problem.contains("VM_data_C1.csv:2: ") && problem.contains(expected), "{problem}");
    }
}

#[test]
fn free_resources_are_dealt_out_over_the_hosts_of_the_topology() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("PM_res.csv"), "CPU1,RAM1,CPU2,RAM2\n16,32,32,64\n1,2,3,4\n").unwrap();
    let hosts = "host_id,rack_id\nhost-0,0\nhost-1,0\nhost-2,5\n";
    fs::write(folder.path().join("topology_provider.csv"), hosts).unwrap();
    let output = folder.path().join("hosts.csv");
    let topology = Format::named("huawei-topology").unwrap();
    assert_eq!(topology.import_hosts(folder.path(), &output).unwrap().hosts, 3);
    assert_eq!(fs::read_to_string(&output).unwrap(), "vcpu,memory_gib,rack\n48,96,0\n4,6,0\n48,96,5\n");
    fs::write(folder.path().join("PM_res.csv"), "CPU1,RAM1,CPU2,RAM2\n").unwrap();
    let problem = topology.import_hosts(folder.path(), &output).unwrap_err().to_string();
    assert!(
        problem.contains("topology_provider.csv:2: `host_id`: found `host-0`, which has nothing"),
        "{problem}"
    );
}

#[test]
fn an_unknown_format_is_told_its_neighbours() {
    let problem = Format::named("azure").map(|format| format.name).unwrap_err().to_string();
    assert!(problem.contains("`--format`: found `azure`") && problem.contains("`azure-v1`"), "{problem}");
}

#[test]
fn a_list_of_hosts_keeps_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("nodes.csv"), folder.path().join("hosts.csv"));
    fs::write(&input, "sn,cpu_milli,memory_mib,gpu,model\nn0,32000,262144,0,\nn1,500,1,2,P100\n").unwrap();
    let openb = Format::named("openb").unwrap();
    let report = openb.import_hosts(&input, &output).unwrap();
    assert_eq!((report.hosts, report.lost), (2, BTreeMap::new()));
    assert_eq!(
        fs::read_to_string(&output).unwrap(),
        "vcpu,memory_gib,gpu,gpu_model\n32,256,0,\n0.5,0.0009765625,2,P100\n"
    );
    let error = Format::named("huawei-lt").unwrap().import_hosts(&input, &output).unwrap_err();
    assert!(error.to_string().contains("the format `huawei-lt` has none"), "{error}");
}

/// The real files, where they are: one folder beside the repository, not all of them free to pass on.
#[test]
fn the_real_files_import_whole() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    for (format, file, rows) in [
        ("azure-v1", "azure-v1/azure_v1_test.csv.gz", 410_276),
        ("huawei-lt", "huawei-east-1/Huawei-East-1-lt.csv.gz", 116_313),
        ("openb", "openb/openb_pod_list_default.csv", 8_152),
        ("huawei-topology", "huawei-topology", 24_990),
    ] {
        let input = data.join(file);
        if !input.exists() {
            eprintln!(
                "SKIPPED: {} is not there; the import of {format} is tested on its sample only",
                input.display()
            );
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("out.csv.gz");
        let report = Format::named(format).unwrap().import(&input, &output).unwrap();
        let written = report.rows_written - report.rows_added;
        assert_eq!((report.rows_read, written, report.sorted), (rows, rows, false), "{format}");
        assert_eq!(check_trace(&output), report.rows_written);
    }
}

/// The traces that come with the project are what the importers make of the originals.
#[test]
fn the_traces_of_the_project_are_the_imported_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (format, original, ours) in [
        ("azure-v1", "azure-v1/azure_v1_test.csv.gz", "azure-v1-test.csv.gz"),
        ("openb", "openb/openb_pod_list_default.csv", "openb.csv.gz"),
        ("huawei-topology", "huawei-topology", "huawei-topology.csv.gz"),
    ] {
        let ours = root.join("workloads/traces").join(ours);
        assert!(check_trace(&ours) > 0, "{}", ours.display());
        let original = root.join("../../../shared/data").join(original);
        if !original.exists() {
            eprintln!("SKIPPED: {} is not there to compare with", original.display());
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let again = folder.path().join("again.csv");
        Format::named(format).unwrap().import(&original, &again).unwrap();
        // Unpacked, for another version of the packer may pack otherwise.
        let mut text = Vec::new();
        MultiGzDecoder::new(fs::File::open(&ours).unwrap()).read_to_end(&mut text).unwrap();
        assert!(fs::read(&again).unwrap() == text, "{} is stale", ours.display());
    }
}

/// Both versions of OpenDC's folders.
#[test]
fn a_workload_of_opendc_becomes_its_tasks() {
    use plimsoll_base::columnar::{ColumnForm, ColumnValue, Field, ParquetWriter};
    let opendc = Format::named("opendc").unwrap();
    for (name, start, length, ends) in [
        ("tasks.parquet", "submission_time", "duration", [5000, 250]),
        ("meta.parquet", "start_time", "stop_time", [6000, 1750]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let names = ["id", start, length, "cpu_count", "cpu_capacity", "mem_capacity"];
        let number =
            |name| Field { name, form: ColumnForm::Decimal { digits: 18, places: 0 }, optional: false };
        let file = fs::File::create(folder.path().join(name)).unwrap();
        let mut out = ParquetWriter::begin(file, "tasks", &names.map(number)).unwrap();
        for (id, begin, end) in [(7, 1000, ends[0]), (8, 1500, ends[1])] {
            let cells = [id, begin, end, 2, 4800, 1536].map(|cell: i64| ColumnValue::Integer(cell.into()));
            out.write(cells).unwrap();
        }
        out.into_inner().unwrap();
        assert_eq!(Format::of(folder.path()).map(|format| format.name).unwrap_or_default(), "opendc");
        let output = folder.path().join("out.csv");
        let report = opendc.import(folder.path(), &output).unwrap();
        assert_eq!((report.rows_read, report.rows_written), (2, 2));
        let expected = "start_s,end_s,instance,vcpu,memory_gib\n0,5,7,2,1.5\n0.5,0.75,8,2,1.5\n";
        assert_eq!(fs::read_to_string(&output).unwrap(), expected, "{name}");
    }
}
