//! A synthetic trace: the requests of the workload of a scenario in a time, as intervals.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::call::{Action, Call, End, Launch, LaunchOptions};
use super::demand::Demand;
use super::directory::Directory;
use super::trace::cells::Cells;
use super::trace::columns::Column;
use super::trace::options::{self, OptionCells};
use super::trace::write::TraceWriter;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::figures::grouped;
use plimsoll_base::units::{Duration, Time};

/// The columns of every generated trace: arrivals always name their types.
const COLUMNS: [Column; 6] =
    [Column::Start, Column::End, Column::Type, Column::Account, Column::Zone, Column::Subnet];

/// Report of a generated trace, and of the facts that intervals cannot express.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct GenerateReport {
    /// Rows written: instances.
    pub rows_written: u64,
    /// Of these, there at the start.
    pub residents: u64,
    /// Instances with a fact that an interval cannot express, by that fact.
    pub lost: BTreeMap<&'static str, u64>,
}

/// Writes the requests of the arrivals of `demand` before `duration` has passed. The lifetime of an instance counts from
/// its request: a trace has no boot.
pub fn generate(
    demand: &mut Demand,
    directory: &mut Directory,
    duration: Duration,
    output: &Path,
) -> Result<GenerateReport, InputError> {
    if demand.has_trace() {
        let place = Place::key("workload.trace");
        let problem =
            Problem::new(place, "found a trace, expected arrivals alone: there is nothing to generate");
        return Err(problem.into());
    }
    if demand.has_calls() {
        let found =
            "found synthetic calls, expected arrivals alone: a trace cannot draw from existing instances";
        let problem = Problem::new(Place::key("workload.calls"), found);
        return Err(problem.with_help("leave them out with `--set workload.calls=[]`").into());
    }
    let out = TraceWriter::create(output, &columns(demand, directory))?;
    let mut generator = Generator { out, report: GenerateReport::default(), last: None };
    for resident in demand.residents() {
        let call = demand.resident(&resident);
        generator.report.residents += 1;
        generator.write(&call, &[resident.residual], directory)?;
    }
    while let Some(call) = demand.next(directory)?
        && call.at < Time::ZERO.after(duration)
    {
        generator.write(&call, demand.lifetimes(), directory)?;
    }
    generator.report.rows_written = generator.out.rows();
    generator.out.finish()?;
    Ok(generator.report)
}

/// Returns the columns of a trace of this demand: those of every one, and the options that its arrivals use.
fn columns(demand: &Demand, directory: &Directory) -> Vec<Column> {
    let mut used = BTreeSet::new();
    for source in demand.sources() {
        used.extend(source.launch().public_address.map(|_| Column::PublicAddress));
        for set in source.options() {
            used.extend(options::cells(set, &directory.handles).into_iter().map(|(column, _)| column));
        }
    }
    COLUMNS.into_iter().chain(used).collect()
}

/// A trace being made.
struct Generator {
    out: TraceWriter,
    report: GenerateReport,
    /// The options of the last request that had any, and their cells: most requests have the same.
    last: Option<(Arc<LaunchOptions>, OptionCells)>,
}

impl Generator {
    /// Writes a request, one row an instance.
    fn write(
        &mut self,
        call: &Call,
        lifetimes: &[Duration],
        directory: &Directory,
    ) -> Result<(), InputError> {
        let Action::Launch(launch) = &call.action else { panic!("arrivals only launch, found {call:?}") };
        note_losses(launch, &mut self.report);
        let mut others = self.option_cells(launch, directory);
        others.extend(launch.public_address.map(|wish| (Column::PublicAddress, wish.to_string())));
        let ends = (0..launch.max_count as usize).map(|i| match launch.end {
            End::Never => None,
            End::At(end) => Some(end),
            End::Drawn => Some(call.at.after(lifetimes[i])).filter(|end| *end != Time::NEVER),
        });
        for end in ends {
            self.out.write(&Cells {
                time: call.at,
                end,
                kind: &directory.types.get(launch.kind).name,
                account: &directory.accounts()[call.account.index()],
                zone: launch.zone.map_or("", |zone| &directory.zones()[zone.index()]),
                subnet: launch.subnet.map_or("", |subnet| &directory.subnets()[subnet.index()]),
                others: &others,
                ..Cells::default()
            })?;
        }
        Ok(())
    }

    fn option_cells(&mut self, launch: &Launch, directory: &Directory) -> OptionCells {
        let Some(wanted) = &launch.options else { return Vec::new() };
        match &self.last {
            Some((options, cells)) if Arc::ptr_eq(options, wanted) => cells.clone(),
            _ => {
                let cells = options::cells(wanted, &directory.handles);
                self.last = Some((wanted.clone(), cells.clone()));
                cells
            }
        }
    }
}

fn note_losses(launch: &Launch, report: &mut GenerateReport) {
    let losses = [
        ("stopping and starting", launch.stops.is_some()),
        ("all or none of a request", launch.max_count > 1 && launch.min_count > 1),
    ];
    for (what, _) in losses.into_iter().filter(|(_, lost)| *lost) {
        *report.lost.entry(what).or_insert(0) += u64::from(launch.max_count);
    }
}

impl fmt::Display for GenerateReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} instances written, {} of them there at the start",
            grouped(self.rows_written),
            grouped(self.residents)
        )?;
        for (what, instances) in &self.lost {
            write!(
                out,
                "\n  lost, as intervals cannot express it: {what} ({} instances)",
                grouped(*instances)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::call::Sender;
    use crate::workload::demand::WorkloadConfig;
    use crate::workload::trace::TraceReader;
    use crate::workload::trace::reading::TraceReading;
    use plimsoll_base::catalogue::{ShapePrice, TypeTable};
    use plimsoll_base::engine::random::Seed;
    use plimsoll_base::units::parse_duration;

    const WORKLOAD: &str = "
        start = 'steady-state'
        [[arrivals]]
        process = { kind = 'poisson', per_hour = 60 }
        lifetime = { kind = 'exponential', mean = '3h' }
        types = { 'm5.large' = 1, 't3.micro' = 2 }
        count = 2
        accounts = 2
        zone = 'a'
        public_address = true
        [[arrivals]]
        process = { kind = 'poisson', per_hour = 30 }
        lifetime = { kind = 'exponential', mean = '1h' }
        types = { 'c5.large' = 1 }
        image = 'base'
        volumes = [{ device = '/dev/sdf', type = 'gp3', size_gib = 8, iops = 4000 },
                   { device = '/dev/sdg', throughput_mibps = 200, delete_on_termination = false }]
        security_groups = ['web', 'ssh']
        group = 'part'
        groups = 3
        partition = 2
        tenancy = 'dedicated'
        reservation = 'held'
        purchase = 'spot'
        max_usd_per_hour = 0.0125
        interfaces = 1
        addresses = 4
        prefixes = 2
        tags = { team = 'web', env = '' }
        user_data_bytes = 1000
        protection = true
        hibernation = true
        [[arrivals]]
        process = { kind = 'poisson', per_hour = 30 }
        types = { 'c5.large' = 1 }
        lifetime = { kind = 'exponential', mean = '1h' }
        host = 'mine'
        purchase = 'spot'";

    fn demand(toml: &str, directory: &mut Directory, folder: &Path) -> Demand {
        let config: WorkloadConfig = toml::from_str(toml).unwrap();
        Demand::open(&config, None, Seed(4), folder, directory).unwrap()
    }

    fn directory() -> Directory {
        let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
        Directory::new(types, vec!["a".to_string()], Vec::new())
    }

    #[test]
    fn a_generated_trace_asks_for_what_its_workload_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("g.csv.gz");
        let mut names = directory();
        let mut source = demand(WORKLOAD, &mut names, folder.path());
        let day = parse_duration("1d").unwrap();
        let report = generate(&mut source, &mut names, day, &path).unwrap();
        assert!(report.residents.abs_diff(420) < 80 && report.rows_written > 4000, "{report:?}");
        assert_eq!(report.lost.keys().copied().collect::<Vec<_>>(), ["all or none of a request"]);

        let mut names = directory();
        let mut again = demand(WORKLOAD, &mut names, folder.path());
        let mut trace = TraceReader::open(&path, &TraceReading::default()).unwrap();
        let mut rows = 0;
        let mut compare = |want: &Call, lifetimes: &[Duration], names: &mut Directory| {
            let Action::Launch(asked) = &want.action else { panic!("{want:?}") };
            for lifetime in lifetimes {
                // Facts that the row of one instance cannot express were reported as lost.
                let end = End::At(want.at.after(*lifetime));
                let sender = Sender::Trace;
                let launch =
                    Launch { min_count: 1, max_count: 1, end, first_instance: 0, sender, ..asked.clone() };
                let one = Call { action: Action::Launch(launch), ..want.clone() };
                assert_eq!(trace.next(names).unwrap(), Some(one));
                rows += 1;
            }
        };
        for resident in again.residents() {
            let call = again.resident(&resident);
            compare(&call, &[resident.residual], &mut names);
        }
        while let Some(call) = again.next(&mut names).unwrap()
            && call.at < Time::ZERO.after(day)
        {
            compare(&call, again.lifetimes(), &mut names);
        }
        assert_eq!(rows, report.rows_written);
        assert_eq!(trace.next(&mut names), Ok(None));
    }

    #[test]
    fn a_trace_is_not_generated_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, "start_s,end_s,vcpu,memory_gib\n0,1,1,1\n").unwrap();
        let mut names = directory();
        let mut source = demand("trace = 't.csv'", &mut names, folder.path());
        let output = folder.path().join("g.csv");
        let error = generate(&mut source, &mut names, Duration::ZERO, &output).unwrap_err().to_string();
        assert!(error.contains("`workload.trace`: found a trace"), "{error}");
        assert!(!output.exists());
    }

    #[test]
    fn a_trace_cannot_say_of_whom_calls_are() {
        let folder = tempfile::tempdir().unwrap();
        let mut names = directory();
        let toml = "[[calls]]\nprocess = { kind = 'constant', every = '1s' }\noperations = { reboot = 1 }";
        let mut source = demand(toml, &mut names, folder.path());
        let output = folder.path().join("g.csv");
        let error = generate(&mut source, &mut names, Duration::ZERO, &output).unwrap_err().to_string();
        assert!(error.contains("`workload.calls`") && error.contains("--set workload.calls=[]"), "{error}");
        assert!(!output.exists());
    }
}
