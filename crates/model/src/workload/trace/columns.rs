//! The columns of both forms: one register of their names and of the contents of their cells.

use plimsoll_base::input::{Problem, did_you_mean};
use plimsoll_base::table::Table;

/// Separator of the items of a cell that holds several.
pub const SEPARATOR: char = '|';

macro_rules! columns {
    ($($column:ident = $name:literal, $holds:literal;)*) => {
        /// A column of a trace.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Column {
            $(#[doc = concat!("`", $name, "`: ", $holds, ".")] $column,)*
        }

        plimsoll_base::names! { Column { $($column = $name),* } }

        impl Column {
            /// Returns what a cell holds, as an error says what it expected.
            pub const fn holds(self) -> &'static str {
                match self { $(Column::$column => $holds,)* }
            }
        }
    };
}

columns! {
    Start = "start_s", "seconds, 0 or more, to the nanosecond";
    End = "end_s", "seconds, 0 or more, to the nanosecond";
    Time = "time_s", "seconds, 0 or more, to the nanosecond";
    Op = "op", "an operation";
    Instance = "instance", "the name of a launch";
    Account = "account", "the name of an account";
    Type = "type", "an instance type";
    Vcpu = "vcpu", "a number of 0 or more, a multiple of 1/1000";
    Memory = "memory_gib", "a number of 0 or more, a multiple of 1/1024";
    Gpu = "gpu", "a number of 0 or more, a multiple of 1/1000";
    LocalStorage = "local_storage_gib", "a number of 0 or more, a multiple of 1/1024";
    Network = "network_gbps", "a number of 0 or more, a multiple of 1/1000";
    Numa = "numa", "`1` or `2`";
    GpuModel = "gpu_model", "models of GPU, separated by `|`";
    Zone = "zone", "the name of a zone";
    Subnet = "subnet", "the name of a subnet";
    Count = "count", "a whole number from 1 to 1,000,000";
    MinCount = "min_count", "1 to `count`";
    PublicAddress = "public_address", "`true` or `false`";
    Image = "image", "the name of an image";
    Volumes = "volumes", "`device:type:size_gib[:iops[:throughput_mibps]][:keep]`, separated by `|`";
    SecurityGroups = "security_groups", "names of security groups, separated by `|`";
    Group = "group", "the name of a placement group";
    Partition = "partition", "a whole number from 1 to 65,535";
    Tenancy = "tenancy", "`shared`, `dedicated` or `host`";
    Host = "host", "the name of a dedicated host, or of the host that a resident is on; names separated by `|` where hosts are allocated";
    Reservation = "reservation", "the name of a capacity reservation";
    Purchase = "purchase", "`on-demand` or `spot`";
    MaxPrice = "max_usd_per_hour", "dollars, 0 or more, with at most twelve decimals";
    Interruption = "interruption", "`terminate`, `stop` or `hibernate`";
    Interfaces = "interfaces", "a whole number";
    Addresses = "addresses", "a whole number";
    Prefixes = "prefixes", "a whole number";
    Tags = "tags", "`key=value`, separated by `|`";
    Token = "token", "a client token";
    UserData = "user_data_bytes", "a whole number";
    Protection = "protection", "`true` or `false`";
    Hibernation = "hibernation", "`true` or `false`";
    Filters = "filters", "`state=`, `type=`, `zone=`, `subnet=`, `tag:KEY=` or `tag-key=`, separated by `|`";
    PageSize = "page_size", "a whole number";
    TagKeys = "tag_keys", "keys of tags, separated by `|`";
    Volume = "volume", "the name of a volume";
    Device = "device", "a device such as `/dev/sdf`";
    Size = "size_gib", "a whole number";
    VolumeType = "volume_type", "a type of volumes";
    Iops = "iops", "a whole number";
    Throughput = "throughput_mibps", "a whole number";
    Snapshot = "snapshot", "the name of a snapshot";
    MultiAttach = "multi_attach", "`true` or `false`";
    Public = "public", "`true` or `false`";
    SecurityGroup = "security_group", "the name of a security group";
    Vpc = "vpc", "the name of a VPC";
    Source = "source", "an IPv4 network, `sg:NAME` or `self`";
    Destination = "destination", "an IPv4 network, `sg:NAME` or `self`";
    Protocol = "protocol", "`tcp`, `udp`, `icmp`, `all` or a number from 0 to 255";
    Ports = "ports", "a port, a range of them, or an ICMP type and code";
    From = "from", "the name of a launch or an IPv4 address";
    To = "to", "the name of a launch or an IPv4 address";
    SourcePort = "source_port", "a whole number from 0 to 65,535";
    Address = "address", "the name of an elastic address";
    Interface = "interface", "the name of a network interface";
    Reassociate = "reassociate", "`true` or `false`";
    GroupStrategy = "group_strategy", "`cluster`, `spread` or `partition`";
    Partitions = "partitions", "a whole number";
    Open = "open", "`true` or `false`";
    Family = "family", "a family of instance types";
    AutoPlacement = "auto_placement", "`true` or `false`";
    HostRecovery = "host_recovery", "`true` or `false`";
    Expires = "expires_s", "seconds, 0 or more, to the nanosecond";
    ReservationPreference = "reservation_preference", "`open`, `none` or `capacity-reservations-only`";
    OnNumaNodes = "on_numa_nodes", "numbers from 0 of the NUMA nodes that a resident is on, separated by `|`";
    OnGpus = "on_gpus", "numbers from 0 of the GPU devices that a resident is on, separated by `|`";
}

/// Columns of the size of an instance: `type`, or the quantities of a shape and what else it asks of its host.
pub const SHAPE: &[Column] = &[
    Column::Type,
    Column::Vcpu,
    Column::Memory,
    Column::Gpu,
    Column::LocalStorage,
    Column::Network,
    Column::Numa,
    Column::GpuModel,
];

/// Options that most launches leave out.
pub const OPTIONS: &[Column] = &[
    Column::Image,
    Column::Volumes,
    Column::SecurityGroups,
    Column::Group,
    Column::Partition,
    Column::Tenancy,
    Column::Host,
    Column::Reservation,
    Column::ReservationPreference,
    Column::Purchase,
    Column::MaxPrice,
    Column::Interruption,
    Column::Interfaces,
    Column::Addresses,
    Column::Prefixes,
    Column::Tags,
    Column::Token,
    Column::UserData,
    Column::Protection,
    Column::Hibernation,
];

/// Parts of its host that a resident is on.
pub const PARTS: &[Column] = &[Column::OnNumaNodes, Column::OnGpus];

/// Positions of the columns of a form in a table.
#[derive(Debug)]
pub struct Positions([Option<usize>; Column::ALL.len()]);

impl Positions {
    /// Finds the columns in the header, or every problem of it: it must have the columns `required`, and none but these and
    /// the `optional` ones, unless others of no form are left out.
    pub fn find(
        table: &Table,
        required: &[Column],
        optional: &[&[Column]],
        others_are_left_out: bool,
    ) -> Result<Positions, Vec<Problem>> {
        let known: Vec<Column> = required.iter().chain(optional.iter().copied().flatten()).copied().collect();
        let mut problems = Vec::new();
        for name in required.iter().map(|column| column.name()).filter(|name| table.column(name).is_none()) {
            let found = format!("found no column `{name}` in `{}`, expected it", table.header().join(","));
            problems.push(Problem::new(table.header_place().at_key(name), found));
        }
        let is_unknown = |name: &&String| known.iter().all(|known| known.name() != **name);
        let is_left_out = |name: &&String| others_are_left_out && Column::named(name).is_none();
        for name in table.header().iter().filter(is_unknown).filter(|name| !is_left_out(name)) {
            let place = table.header_place().at_key(name);
            let problem = Problem::new(place, "found an unknown column, expected one of the form's");
            problems.push(match did_you_mean(name, known.iter().map(|column| column.name())) {
                Some(help) => problem.with_help(help),
                None => problem,
            });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut positions = [None; Column::ALL.len()];
        for column in known {
            positions[column as usize] = table.column(column.name());
        }
        Ok(Positions(positions))
    }

    /// Returns the position of a column, if the table has it.
    #[inline]
    pub fn of(&self, column: Column) -> Option<usize> {
        self.0[column as usize]
    }

    /// Returns the positions of the columns that may be empty in some form.
    pub fn that_may_be_empty(&self) -> Vec<usize> {
        let always_there =
            [Column::Start, Column::Time, Column::Op, Column::Type, Column::Vcpu, Column::Memory];
        let columns = Column::ALL.iter().filter(|column| !always_there.contains(column));
        columns.filter_map(|column| self.of(*column)).collect()
    }

    /// Returns the positions of those that the table has of some columns.
    pub fn of_all(&self, columns: &[Column]) -> Vec<usize> {
        columns.iter().filter_map(|column| self.of(*column)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own_and_its_place_in_the_list() {
        for (i, column) in Column::ALL.iter().enumerate() {
            assert_eq!(*column as usize, i);
            assert_eq!(Column::ALL.iter().position(|other| other.name() == column.name()), Some(i));
        }
    }
}
