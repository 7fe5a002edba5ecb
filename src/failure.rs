//! The closed register of failures: how the simulated world says no to a request.
//!
//! Names, classes and HTTP statuses are those of the EC2 API reference, "Error codes": a client error
//! comes with a status of the 400 series, a server error with one of the 500 series, and throttling
//! is a server error although the client goes too fast. The design's own names (`ec2-lld.txt`,
//! "Custom Exception Classes") stand beside them.

/// Why a request was refused. The number goes into the digest: add at the end, never renumber.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Failure {
    /// No host fits.
    InsufficientInstanceCapacity = 1,
    /// The subnet has no free private address.
    InsufficientFreeAddressesInSubnet = 2,
    /// The public pool has no free address.
    InsufficientAddressCapacity = 3,
    /// No such instance, or it is another account's.
    InvalidInstanceIdNotFound = 4,
    /// The state of the instance does not allow the operation.
    IncorrectInstanceState = 5,
    /// A parameter has an impossible value.
    InvalidParameterValue = 6,
    /// The operation is not possible for this kind of instance or place.
    Unsupported = 7,
    /// Too many vCPUs for the account.
    VcpuLimitExceeded = 8,
    /// Too many instances for the account.
    InstanceLimitExceeded = 9,
    /// Calls come too fast.
    RequestLimitExceeded = 10,
    /// A volume is in a state that does not allow the operation.
    IncorrectState = 11,
    /// The service cannot answer now.
    ServiceUnavailable = 12,
    /// The service failed.
    InternalError = 13,
}

/// Whether the caller or the service has to change something. Client libraries repeat a request by
/// themselves only after a server error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// The request is at fault.
    Client,
    /// The service is at fault.
    Server,
}

/// One row of the register.
pub struct Entry {
    /// The failure.
    pub failure: Failure,
    /// EC2's error code.
    pub ec2_name: &'static str,
    /// The name in the design document.
    pub design_name: &'static str,
    /// Who is to blame.
    pub class: Class,
    /// HTTP status of the response.
    pub http_status: u16,
    /// What happened, one line.
    pub meaning: &'static str,
}

/// Builds a row; the register below reads as a table.
const fn entry(
    failure: Failure,
    ec2_name: &'static str,
    design_name: &'static str,
    class: Class,
    http_status: u16,
    meaning: &'static str,
) -> Entry {
    Entry { failure, ec2_name, design_name, class, http_status, meaning }
}

/// The register, in the order of the numbers.
#[rustfmt::skip]
pub const REGISTER: [Entry; 13] = {
    use Class::{Client, Server};
    use Failure::*;
    [
        entry(InsufficientInstanceCapacity, "InsufficientInstanceCapacity", "InsufficientCapacity", Server, 500, "no host has room for the instance"),
        entry(InsufficientFreeAddressesInSubnet, "InsufficientFreeAddressesInSubnet", "InsufficientCapacity", Client, 400, "the subnet has no free private address"),
        entry(InsufficientAddressCapacity, "InsufficientAddressCapacity", "InsufficientCapacity", Server, 500, "the public pool has no free address"),
        entry(InvalidInstanceIdNotFound, "InvalidInstanceID.NotFound", "InstanceNotFound", Client, 400, "no such instance in the account"),
        entry(IncorrectInstanceState, "IncorrectInstanceState", "InvalidStateTransition", Client, 400, "the instance's state does not allow the operation"),
        entry(InvalidParameterValue, "InvalidParameterValue", "InternalError", Client, 400, "a parameter has an impossible value"),
        entry(Unsupported, "Unsupported", "InternalError", Client, 400, "not possible for this type or place"),
        entry(VcpuLimitExceeded, "VcpuLimitExceeded", "ResourceLimitExceeded", Client, 400, "more vCPUs than the account may run"),
        entry(InstanceLimitExceeded, "InstanceLimitExceeded", "ResourceLimitExceeded", Client, 400, "more instances than the account may run"),
        entry(RequestLimitExceeded, "RequestLimitExceeded", "ResourceLimitExceeded", Server, 503, "calls come faster than the account may make them"),
        entry(IncorrectState, "IncorrectState", "InvalidStateTransition", Client, 400, "the volume's state does not allow the operation"),
        entry(ServiceUnavailable, "ServiceUnavailable", "InternalError", Server, 503, "the service cannot answer now"),
        entry(InternalError, "InternalError", "InternalError", Server, 500, "the service failed"),
    ]
};

impl Failure {
    /// How many failures there are.
    pub const COUNT: usize = REGISTER.len();

    /// Position in the register, from 0.
    pub const fn index(self) -> usize {
        self as usize - 1
    }

    /// The row of the register.
    pub fn entry(self) -> &'static Entry {
        &REGISTER[self.index()]
    }

    /// EC2's error code.
    pub fn ec2_name(self) -> &'static str {
        self.entry().ec2_name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_its_number() {
        for (i, entry) in REGISTER.iter().enumerate() {
            assert_eq!(entry.failure.index(), i, "{}", entry.ec2_name);
        }
    }

    #[test]
    fn the_class_follows_the_series_of_the_status() {
        for entry in &REGISTER {
            let series = if entry.class == Class::Client { 4 } else { 5 };
            assert_eq!(entry.http_status / 100, series, "{}", entry.ec2_name);
        }
    }
}
