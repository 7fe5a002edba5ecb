//! Ids as EC2 shows them: a prefix and 17 hexadecimal digits, which are a permutation of the number of the resource under the
//! seed of the run. So ids look like EC2's, repeat with the seed, and need no table.

/// Kind of a resource that has an id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum IdKind {
    /// Instance.
    Instance = 1,
    /// Reservation: the instances of one launch.
    Reservation = 2,
    /// Subnet.
    Subnet = 3,
    /// VPC.
    Vpc = 4,
    /// Network interface.
    Interface = 5,
    /// Image.
    Image = 6,
    /// Volume.
    Volume = 7,
    /// Snapshot.
    Snapshot = 8,
    /// Request of a client; it has no prefix.
    Request = 9,
    /// Account; its digits are decimal.
    Account = 10,
    /// Token of a page; it has no prefix.
    Page = 11,
    /// Security group.
    SecurityGroup = 12,
    /// Rule of a security group.
    SecurityGroupRule = 13,
    /// Elastic address.
    Allocation = 14,
    /// Association of an elastic address.
    Association = 15,
    /// Placement group.
    PlacementGroup = 16,
    /// Attachment of a network interface.
    InterfaceAttachment = 17,
    /// Capacity reservation.
    CapacityReservation = 18,
    /// Key pair.
    KeyPair = 19,
    /// Dedicated host.
    DedicatedHost = 20,
    /// Request for a spot instance, by the number of the instance; one that has waited has a number of its own.
    SpotRequest = 21,
}

impl IdKind {
    /// Returns the beginning of its ids.
    pub fn prefix(self) -> &'static str {
        match self {
            IdKind::Instance => "i-",
            IdKind::Reservation => "r-",
            IdKind::Subnet => "subnet-",
            IdKind::Vpc => "vpc-",
            IdKind::Interface => "eni-",
            IdKind::Image => "ami-",
            IdKind::Volume => "vol-",
            IdKind::Snapshot => "snap-",
            IdKind::SecurityGroup => "sg-",
            IdKind::SecurityGroupRule => "sgr-",
            IdKind::Allocation => "eipalloc-",
            IdKind::Association => "eipassoc-",
            IdKind::PlacementGroup => "pg-",
            IdKind::InterfaceAttachment => "eni-attach-",
            IdKind::CapacityReservation => "cr-",
            IdKind::KeyPair => "key-",
            IdKind::DedicatedHost => "h-",
            IdKind::SpotRequest => "sir-",
            IdKind::Request | IdKind::Account | IdKind::Page => "",
        }
    }
}

/// Ids of a run.
#[derive(Clone, Copy, Debug)]
pub struct ResourceIds {
    seed: u64,
}

/// Rounds of the permutation; four make one of random functions indistinguishable from a random one (Luby and Rackoff, 1988).
const ROUNDS: u64 = 4;

impl ResourceIds {
    /// Returns the ids of a run of this seed.
    pub fn new(seed: u64) -> ResourceIds {
        ResourceIds { seed }
    }

    /// Returns the id of a resource by its number.
    pub fn show(&self, kind: IdKind, number: u64) -> String {
        let mixed = self.permuted(kind, number);
        match kind {
            // EC2's are UUIDs.
            IdKind::Request => {
                let other = self.permuted(IdKind::Page, number);
                let (high, low) = (mixed >> 32, mixed & 0xffff_ffff);
                format!(
                    "{high:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                    low >> 16,
                    low & 0xfff,
                    other >> 52,
                    other & 0xffff_ffff_ffff
                )
            }
            IdKind::Account => format!("{:012}", mixed % 1_000_000_000_000),
            _ => format!("{}0{mixed:016x}", kind.prefix()),
        }
    }

    /// Returns the number of the resource that an id stands for; `None` where it is no id of this kind. Whether there is such a
    /// resource is another question.
    pub fn read(&self, kind: IdKind, id: &str) -> Option<u64> {
        let digits = id.strip_prefix(kind.prefix())?.strip_prefix('0')?;
        let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        if digits.len() != 16 || !digits.chars().all(is_hex) {
            return None;
        }
        let mixed = u64::from_str_radix(digits, 16).ok()?;
        Some(self.unpermuted(kind, mixed))
    }

    /// Returns whether a text has the form of an id of this kind, of this run or not: a prefix and 8 or 17 hexadecimal digits (EC2 user
    /// guide, "Resource IDs", read 2026-11).
    pub fn is_formed(kind: IdKind, text: &str) -> bool {
        let is_hex = |digits: &str| digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        text.strip_prefix(kind.prefix())
            .is_some_and(|digits| matches!(digits.len(), 8 | 17) && is_hex(digits))
    }

    fn permuted(&self, kind: IdKind, number: u64) -> u64 {
        let (mut left, mut right) = ((number >> 32) as u32, number as u32);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ self.keyed(kind, round, right));
        }
        u64::from(left) << 32 | u64::from(right)
    }

    fn unpermuted(&self, kind: IdKind, mixed: u64) -> u64 {
        let (mut left, mut right) = ((mixed >> 32) as u32, mixed as u32);
        for round in (0..ROUNDS).rev() {
            (left, right) = (right ^ self.keyed(kind, round, left), left);
        }
        u64::from(left) << 32 | u64::from(right)
    }

    /// Returns the function of a round: the finalizer of SplitMix64 over seed, kind, round and half.
    fn keyed(&self, kind: IdKind, round: u64, half: u32) -> u32 {
        let key = self.seed.wrapping_add((kind as u64) << 8 | round).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut mixed = key ^ u64::from(half).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn an_id_stands_for_its_number_and_no_other() {
        let ids = ResourceIds::new(42);
        let mut seen = BTreeSet::new();
        for number in (0..10_000).chain([1 << 32, u64::MAX]) {
            let id = ids.show(IdKind::Instance, number);
            assert_eq!(id.len(), "i-0123456789abcdef0".len());
            assert_eq!(ids.read(IdKind::Instance, &id), Some(number));
            assert!(seen.insert(id));
        }
    }

    #[test]
    fn the_seed_and_the_kind_decide() {
        let (ids, others) = (ResourceIds::new(1), ResourceIds::new(2));
        assert_ne!(ids.show(IdKind::Instance, 0), others.show(IdKind::Instance, 0));
        let digits = |id: String| id.rsplit('-').next().unwrap().to_string();
        assert_ne!(digits(ids.show(IdKind::Instance, 0)), digits(ids.show(IdKind::Volume, 0)));
    }

    #[test]
    fn what_is_no_id_is_none() {
        let ids = ResourceIds::new(42);
        let id = ids.show(IdKind::Instance, 3);
        for text in ["", "i-", "i-123", "x", &id[1..], &id[..18], &id.to_uppercase(), &format!("{id}0")] {
            assert_eq!(ids.read(IdKind::Instance, text), None, "{text}");
        }
        assert_eq!(ids.read(IdKind::Volume, &id), None);
    }

    #[test]
    fn a_request_has_the_form_of_a_uuid() {
        let id = ResourceIds::new(42).show(IdKind::Request, 7);
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
    }
}
