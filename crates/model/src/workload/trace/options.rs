//! Launch options to and from the cells of a row. Rows with the same cells share one set of options, so that
//! a million launches with the same options store them once.

use std::sync::Arc;

use super::columns::SEPARATOR;
use super::columns::{Column, OPTIONS, PARTS};
use super::row::TraceRow;
use crate::fleet::topology::{Affinity, MAX_DEVICES, MAX_NODES};
use crate::workload::block_device::BlockDeviceMapping;
use crate::workload::call::{Interruption, LaunchOptions, LaunchTenancy, ReservationPreference, Spot, Tag};
use crate::workload::handles::HandleBook;
use plimsoll_base::units::parse_scaled;
use plimsoll_base::units::write_scaled;

/// Small units of a price per hour in a dollar: `Spot` counts 10⁻¹² USD.
const PICO: u64 = 1_000_000_000_000;

/// The cells of a row beyond type, place and time that are not empty.
pub type OptionCells = Vec<(Column, String)>;

/// Returns the options of the current row; `None` where it has none beyond what most launches do.
#[inline]
pub fn shared(row: &mut TraceRow) -> Option<Arc<LaunchOptions>> {
    let table = row.table;
    let known = &mut row.shared_options().0;
    if known.cells().is_empty() {
        return None;
    }
    if let Some(options) = known.get(table) {
        return options;
    }
    let options = read(row);
    let options = (options != LaunchOptions::default()).then(|| Arc::new(options));
    if row.is_sound() {
        row.shared_options().0.keep(options.clone());
    }
    options
}

fn read(row: &mut TraceRow) -> LaunchOptions {
    let group = row.handle(Column::Group, HandleBook::placement_group);
    let partition = row.parse(Column::Partition, |text| match super::row::whole_number::<u16>(text) {
        Ok(0) => Err("is 0, where the first is 1"),
        Ok(number) => Ok(number - 1),
        Err(reason) => Err(reason),
    });
    if partition.is_some() && group.is_none() {
        row.wrong(Column::Partition, "is a partition without a `group`");
    }
    let host = row.handle(Column::Host, HandleBook::host);
    let affinity = Affinity {
        nodes: numbers(row, Column::OnNumaNodes, MAX_NODES) as u8,
        devices: numbers(row, Column::OnGpus, MAX_DEVICES) as u16,
    };
    LaunchOptions {
        image: row.handle(Column::Image, HandleBook::image),
        volumes: row.parse_items(Column::Volumes, str::parse::<BlockDeviceMapping>),
        security_groups: row.handles(Column::SecurityGroups, HandleBook::security_group),
        group,
        partition,
        tenancy: tenancy(row, host.is_some()),
        host,
        affinity: (affinity != Affinity::default()).then_some(affinity),
        reservation: row.handle(Column::Reservation, HandleBook::reservation),
        preference: row
            .word(Column::ReservationPreference, ReservationPreference::ALL.map(|word| (word.name(), word))),
        spot: spot(row),
        interfaces: row.number(Column::Interfaces).unwrap_or(0),
        addresses: row.number(Column::Addresses).unwrap_or(0),
        prefixes: row.number(Column::Prefixes).unwrap_or(0),
        tags: row.parse_items(Column::Tags, tag),
        token: row.text(Column::Token).map(str::to_string),
        user_data_bytes: row.number(Column::UserData).unwrap_or(0),
        protected: row.flag(Column::Protection).unwrap_or(false),
        hibernation: row.flag(Column::Hibernation).unwrap_or(false),
    }
}

/// Notes what only a resident may say of its host, in the row of a launch.
#[inline]
pub fn refuse_what_residents_say(row: &mut TraceRow, options: Option<&LaunchOptions>) {
    let Some(LaunchOptions { host, tenancy, affinity, .. }) = options else { return };
    if host.is_some() && *tenancy != LaunchTenancy::Host {
        row.wrong(Column::Tenancy, "does not go with a `host`, unless of a resident, which starts at 0");
    }
    if affinity.is_some() {
        PARTS.iter().for_each(|column| row.wrong_if_given(*column, "is of no resident, which starts at 0"));
    }
}

/// Returns the set of the numbers in a cell, a bit for each.
fn numbers(row: &mut TraceRow, column: Column, most: usize) -> u32 {
    let number = |text: &str| match super::row::whole_number::<usize>(text) {
        Ok(number) if number < most => Ok(1 << number),
        Ok(_) => Err("is above the most that a host has"),
        Err(reason) => Err(reason),
    };
    row.parse_items(column, number).into_iter().fold(0, |set, bit: u32| set | bit)
}

/// Returns the tenancy; a launch that names its dedicated host need not give it.
fn tenancy(row: &mut TraceRow, names_host: bool) -> LaunchTenancy {
    let words = LaunchTenancy::ALL.into_iter().map(|tenancy| (tenancy.name(), tenancy));
    let found = row.word(Column::Tenancy, words.chain([("default", LaunchTenancy::Shared)]));
    found.unwrap_or(if names_host { LaunchTenancy::Host } else { LaunchTenancy::Shared })
}

fn spot(row: &mut TraceRow) -> Option<Spot> {
    let on_spot = row.word(Column::Purchase, [("on-demand", false), ("spot", true)]).unwrap_or(false);
    let max_pico_usd_per_hour = row.parse(Column::MaxPrice, price);
    if max_pico_usd_per_hour.is_some() && !on_spot {
        row.wrong(Column::MaxPrice, "is a price without `purchase` being `spot`");
    }
    let words = Interruption::ALL.map(|interruption| (interruption.name(), interruption));
    let interruption = row.word(Column::Interruption, words);
    if interruption.is_some() && !on_spot {
        row.wrong(Column::Interruption, "is given without `purchase` being `spot`");
    }
    on_spot.then_some(Spot { interruption, max_pico_usd_per_hour, ..Spot::default() })
}

/// Reads a price \[10⁻¹² USD/h\] written in dollars.
fn price(text: &str) -> Result<u64, String> {
    let pico = parse_scaled(text.trim(), u128::from(PICO)).map_err(|reason| reason.to_string())?;
    u64::try_from(pico).map_err(|_| "is too large".to_string())
}

/// Reads a tag written as `key=value`.
pub fn tag(text: &str) -> Result<Tag, &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok(Tag { key: key.to_string(), value: value.to_string() }),
        Some(_) => Err("has a tag without a key"),
        None => Err("has a tag without `=`"),
    }
}

/// Returns the cells that read as these options, in the order of [`OPTIONS`] and [`PARTS`]; empty ones left out.
pub fn cells(options: &LaunchOptions, names: &HandleBook) -> OptionCells {
    let name = |list: &[String], handle: Option<u32>| {
        handle.map_or(String::new(), |handle| list[handle as usize].clone())
    };
    let number = |number: u32| if number == 0 { String::new() } else { number.to_string() };
    let flag = |flag: bool| if flag { "true".to_string() } else { String::new() };
    let group_names =
        options.security_groups.iter().map(|group| names.security_groups()[group.0 as usize].clone());
    let cell = |column| match column {
        Column::Image => name(names.images(), options.image.map(|handle| handle.0)),
        Column::Volumes => join(options.volumes.iter().map(BlockDeviceMapping::to_string)),
        Column::SecurityGroups => join(group_names.clone()),
        Column::Group => name(names.placement_groups(), options.group.map(|handle| handle.0)),
        Column::Partition => number(options.partition.map_or(0, |partition| u32::from(partition) + 1)),
        Column::Tenancy if options.tenancy == LaunchTenancy::Shared => String::new(),
        Column::Tenancy => options.tenancy.name().to_string(),
        Column::Host => name(names.hosts(), options.host.map(|handle| handle.0)),
        Column::Reservation => name(names.reservations(), options.reservation.map(|handle| handle.0)),
        Column::ReservationPreference => {
            options.preference.map_or("", ReservationPreference::name).to_string()
        }
        Column::Purchase => options.spot.map_or("", |_| "spot").to_string(),
        Column::Interruption => {
            let interruption = options.spot.and_then(|spot| spot.interruption);
            interruption.map_or("", Interruption::name).to_string()
        }
        Column::MaxPrice => dollars(options.spot.and_then(|spot| spot.max_pico_usd_per_hour)),
        Column::Interfaces => number(options.interfaces),
        Column::Addresses => number(options.addresses),
        Column::Prefixes => number(options.prefixes),
        Column::Tags => join(options.tags.iter().map(|tag| format!("{}={}", tag.key, tag.value))),
        Column::Token => options.token.clone().unwrap_or_default(),
        Column::UserData => number(options.user_data_bytes),
        Column::Protection => flag(options.protected),
        Column::Hibernation => flag(options.hibernation),
        Column::OnNumaNodes => bits(options.affinity.map_or(0, |on| u32::from(on.nodes))),
        Column::OnGpus => bits(options.affinity.map_or(0, |on| u32::from(on.devices))),
        other => panic!("`{}` is no option of a launch", other.name()),
    };
    let columns = OPTIONS.iter().chain(PARTS);
    columns.map(|&column| (column, cell(column))).filter(|(_, text)| !text.is_empty()).collect()
}

/// Returns the numbers of the bits that are set.
fn bits(set: u32) -> String {
    join((0..u32::BITS).filter(|number| set >> number & 1 == 1).map(|number| number.to_string()))
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(&SEPARATOR.to_string())
}

fn dollars(pico: Option<u64>) -> String {
    let mut text = Vec::new();
    if let Some(pico) = pico {
        write_scaled(&mut text, pico, PICO);
    }
    String::from_utf8(text).expect("digits and a point")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw;
    use crate::workload::call::Action;
    use crate::workload::directory::Directory;
    use crate::workload::trace::TraceReader;
    use crate::workload::trace::cells::Cells;
    use crate::workload::trace::reading::TraceReading;
    use crate::workload::trace::write::TraceWriter;
    use plimsoll_base::catalogue::{ShapePrice, TypeTable, VolumeType};
    use plimsoll_base::engine::random::{Purpose, Seed, Stream};
    use plimsoll_base::units::{Resources, Time};

    /// Draws options, each present with probability one half.
    fn random(stream: &mut Stream, names: &mut HandleBook) -> LaunchOptions {
        let number = |stream: &mut Stream, most| match draw::index(stream, 2) {
            0 => 0,
            _ => draw::index(stream, most),
        };
        let mut some = |most| match number(stream, most) {
            0 => None,
            number => Some(number),
        };
        let group = some(5).map(|n| names.placement_group(&format!("group {n}")));
        let host = some(5).map(|n| names.host(&format!("host, \"{n}\"")));
        let device = |n: u32| BlockDeviceMapping {
            device: format!("/dev/sd{n}"),
            kind: VolumeType::ALL.get(n as usize).copied(),
            size_gib: n.is_multiple_of(2).then_some(n),
            iops: n.is_multiple_of(3).then_some(n),
            throughput_mibps: n.is_multiple_of(4).then_some(n),
            delete_on_termination: n.is_multiple_of(5),
        };
        LaunchOptions {
            image: some(5).map(|n| names.image(&n.to_string())),
            volumes: (0..some(4).unwrap_or(0)).filter_map(|_| some(60).map(device)).collect(),
            security_groups: (0..some(4).unwrap_or(0))
                .map(|n| names.security_group(&n.to_string()))
                .collect(),
            partition: group.and(some(u32::from(u16::MAX))).map(|n| n as u16 - 1),
            group,
            tenancy: match host {
                Some(_) => LaunchTenancy::Host,
                None => LaunchTenancy::ALL[some(3).unwrap_or(0) as usize],
            },
            host,
            affinity: some(255).map(|n| Affinity { nodes: n as u8, devices: n as u16 * 257 }),
            reservation: some(5).map(|n| names.reservation(&n.to_string())),
            preference: some(3).map(|n| ReservationPreference::ALL[n as usize]),
            spot: some(9).map(|n| Spot {
                interruption: some(3).map(|i| Interruption::ALL[i as usize]),
                max_pico_usd_per_hour: some(u32::MAX).map(|p| u64::from(p) * u64::from(n)),
                ..Spot::default()
            }),
            interfaces: some(9).unwrap_or(0),
            addresses: some(9).unwrap_or(0),
            prefixes: some(9).unwrap_or(0),
            tags: (0..some(4).unwrap_or(0))
                .map(|n| Tag { key: format!("k{n}"), value: "=".repeat(n as usize) })
                .collect(),
            token: some(9).map(|n| format!("token|{n}")),
            user_data_bytes: some(u32::MAX).unwrap_or(0),
            protected: some(2).is_some(),
            hibernation: some(2).is_some(),
        }
    }

    #[test]
    fn whatever_options_are_written_read_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let columns: Vec<Column> = [Column::Start, Column::End, Column::Vcpu, Column::Memory]
            .into_iter()
            .chain(OPTIONS.iter().chain(PARTS).copied())
            .collect();
        let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
        let mut names = Directory::without_scenario(types);
        let mut stream = Seed(7).stream(Purpose::Mix, 0);
        let mut writer = TraceWriter::create(&path, &columns).unwrap();
        let mut written = Vec::new();
        for _ in 0..2000 {
            let options = random(&mut stream, &mut names.handles);
            let others = cells(&options, &names.handles);
            let shape = Some(Resources::new(1000, 1024));
            writer.write(&Cells { time: Time::ZERO, shape, others: &others, ..Cells::default() }).unwrap();
            written.push(options);
        }
        writer.finish().unwrap();
        let mut reader = TraceReader::open(&path, &TraceReading::default()).unwrap();
        for options in written {
            let call = reader.next(&mut names).unwrap().unwrap();
            let Action::Launch(launch) = call.action else { panic!("{call:?}") };
            assert_eq!(launch.options.as_deref().cloned().unwrap_or_default(), options);
        }
    }
}
