//! A synthetic trace: what the workload of a scenario asks for in a time, as intervals.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

use super::call::{Action, Call, End, Launch};
use super::demand::Demand;
use super::directory::Directory;
use super::trace::write::{Column, Interval, TraceWriter};
use crate::input::{InputError, Place, Problem};
use crate::units::figures::grouped;
use crate::units::{Duration, Time};

/// The columns of a generated trace: arrivals always name their types.
pub const COLUMNS: [Column; 6] =
    [Column::Start, Column::End, Column::Type, Column::Account, Column::Zone, Column::Subnet];

/// What was generated, and what intervals could not say.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct GenerateReport {
    /// Rows written: instances.
    pub rows_written: u64,
    /// Of these, there at the start.
    pub residents: u64,
    /// Instances whose request said something that an interval cannot, by what it is.
    pub lost: BTreeMap<&'static str, u64>,
}

/// Writes what the arrivals of `demand` ask for before `duration` has passed. An instance's life counts from its request:
/// a trace knows no boot.
pub fn generate(
    demand: &mut Demand,
    directory: &mut Directory,
    duration: Duration,
    mut writer: TraceWriter,
) -> Result<GenerateReport, InputError> {
    if demand.has_trace() {
        let place = Place::key("workload.trace");
        let problem =
            Problem::new(place, "found a trace, expected arrivals alone: there is nothing to generate");
        return Err(problem.into());
    }
    let mut report = GenerateReport::default();
    for resident in demand.residents() {
        let call = demand.resident(&resident);
        report.residents += 1;
        write_call(&call, &[resident.residual], directory, &mut writer, &mut report)?;
    }
    while let Some(call) = demand.next(directory)?
        && call.at < Time::ZERO.after(duration)
    {
        write_call(&call, demand.lifetimes(), directory, &mut writer, &mut report)?;
    }
    report.rows_written = writer.rows();
    writer.finish()?;
    Ok(report)
}

fn write_call(
    call: &Call,
    lifetimes: &[Duration],
    directory: &Directory,
    writer: &mut TraceWriter,
    report: &mut GenerateReport,
) -> Result<(), InputError> {
    let Action::Launch(launch) = &call.action else { panic!("arrivals only launch, found {call:?}") };
    note_losses(launch, report);
    let ends = (0..launch.max_count as usize).map(|i| match launch.end {
        End::Never => None,
        End::At(end) => Some(end),
        End::Drawn => Some(call.at.after(lifetimes[i])).filter(|end| *end != Time::NEVER),
    });
    for end in ends {
        writer.write(&Interval {
            start: call.at,
            end,
            kind: &directory.types.get(launch.kind).name,
            account: &directory.accounts()[call.account.index()],
            zone: launch.zone.map_or("", |zone| &directory.zones()[zone.index()]),
            subnet: launch.subnet.map_or("", |subnet| &directory.subnets()[subnet.index()]),
            ..Interval::default()
        })?;
    }
    Ok(())
}

fn note_losses(launch: &Launch, report: &mut GenerateReport) {
    let losses = [
        ("stopping and starting", launch.stops.is_some()),
        ("all or none of a request", launch.max_count > 1 && launch.min_count > 1),
        ("a wish for or against a public address", launch.public_address.is_some()),
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
            write!(out, "\n  lost, for intervals cannot say it: {what} ({} instances)", grouped(*instances))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{ShapePrice, TypeTable};
    use crate::engine::random::Seed;
    use crate::units::parse_duration;
    use crate::workload::demand::WorkloadConfig;
    use crate::workload::trace::TraceReader;
    use std::path::Path;

    const WORKLOAD: &str = "
        start = 'steady-state'
        [[arrivals]]
        process = { kind = 'poisson', per_hour = 60 }
        lifetime = { kind = 'exponential', mean = '3h' }
        types = { 'm5.large' = 1, 't3.micro' = 2 }
        count = 2
        accounts = 2
        zone = 'a'
        public_address = true";

    fn demand(toml: &str, directory: &mut Directory, folder: &Path) -> Demand {
        let config: WorkloadConfig = toml::from_str(toml).unwrap();
        Demand::open(&config, Seed(4), folder, directory).unwrap()
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
        let writer = TraceWriter::create(&path, &COLUMNS).unwrap();
        let day = parse_duration("1d").unwrap();
        let report = generate(&mut source, &mut names, day, writer).unwrap();
        assert!(report.residents.abs_diff(360) < 60 && report.rows_written > 3000, "{report:?}");
        assert_eq!(report.lost.keys().copied().collect::<Vec<_>>().len(), 2);

        let mut names = directory();
        let mut trace = TraceReader::open(&path).unwrap();
        let mut again = demand(WORKLOAD, &mut names, folder.path());
        for resident in again.residents() {
            let (want, got) = (again.resident(&resident), trace.next(&mut names).unwrap().unwrap());
            let (Action::Launch(want_launch), Action::Launch(got_launch)) = (&want.action, &got.action)
            else {
                panic!("{want:?} {got:?}");
            };
            assert_eq!((want.at, want.account, want_launch.kind), (got.at, got.account, got_launch.kind));
            assert_eq!(got_launch.end, End::At(Time::ZERO.after(resident.residual)));
        }
        let mut rows = report.residents;
        while let Some(call) = trace.next(&mut names).unwrap() {
            assert!(call.at < Time::ZERO.after(day));
            rows += 1;
        }
        assert_eq!(rows, report.rows_written);
    }

    #[test]
    fn a_trace_is_not_generated_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, "start_s,end_s,vcpu,memory_gib\n0,1,1,1\n").unwrap();
        let mut names = directory();
        let mut source = demand("trace = 't.csv'", &mut names, folder.path());
        let writer = TraceWriter::create(&folder.path().join("g.csv"), &COLUMNS).unwrap();
        let error = generate(&mut source, &mut names, Duration::ZERO, writer).unwrap_err().to_string();
        assert!(error.contains("`workload.trace`: found a trace"), "{error}");
        assert!(!folder.path().join("g.csv").exists());
    }
}
