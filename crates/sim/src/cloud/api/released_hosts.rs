//! Dedicated hosts that were released, which clients see for a while.

use std::collections::{BTreeMap, VecDeque};

use plimsoll_base::units::{AccountId, Duration, HostId, Time};
use plimsoll_model::placement::tenancies::HostTerms;

/// Time for which a released host is shown. EC2 shows those that "have recently been released" (`DescribeHosts`, botocore 1.44.8);
/// how long is not documented: assumed as long as an instance after its end.
pub const SHOWN_AFTER_RELEASE: Duration = Duration::from_seconds(3600);

/// Dedicated host that was released.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReleasedHost {
    /// Host.
    pub host: HostId,
    /// Number of its releases before this one: a host that is allocated again is another dedicated host.
    pub term: u32,
    /// Account that had it.
    pub account: AccountId,
    /// Terms that it had.
    pub terms: HostTerms,
    /// Time of the release.
    pub at: Time,
    /// Host that has replaced it after a failure, with the number of releases of that one by then; `None` where its account has released
    /// it.
    pub replaced_by: Option<(HostId, u32)>,
}

/// Dedicated hosts that were released.
#[derive(Debug, Default)]
pub struct ReleasedHosts {
    /// Hosts that are shown, and some that were, in the order of their release.
    recent: VecDeque<ReleasedHost>,
    /// Releases of each host so far.
    releases: BTreeMap<HostId, u32>,
    /// Replaced hosts that were not taken yet.
    replaced: Vec<ReleasedHost>,
}

impl ReleasedHosts {
    /// Notes that an account has released a host of these terms, or that another host has replaced it.
    pub fn note(
        &mut self,
        at: Time,
        (account, host): (AccountId, HostId),
        terms: HostTerms,
        replaced_by: Option<HostId>,
    ) {
        let replaced_by = replaced_by.map(|by| (by, self.term(by)));
        let released = ReleasedHost { host, term: self.term(host), account, terms, at, replaced_by };
        *self.releases.entry(host).or_default() += 1;
        while self.recent.front().is_some_and(|first| released.at.since(first.at) >= SHOWN_AFTER_RELEASE) {
            self.recent.pop_front();
        }
        if released.replaced_by.is_some() {
            self.replaced.push(released.clone());
        }
        self.recent.push_back(released);
    }

    /// Returns the number of releases of a host so far.
    pub fn term(&self, host: HostId) -> u32 {
        self.releases.get(&host).copied().unwrap_or(0)
    }

    /// Returns the hosts of an account that are shown at a time, in the order of their release.
    pub fn shown(&self, account: AccountId, now: Time) -> impl Iterator<Item = &ReleasedHost> {
        let is_shown = move |released: &&ReleasedHost| {
            released.account == account && now.since(released.at) < SHOWN_AFTER_RELEASE
        };
        self.recent.iter().filter(is_shown)
    }

    /// Takes the hosts that others have replaced since they were last taken.
    pub fn take_replaced(&mut self) -> Vec<ReleasedHost> {
        std::mem::take(&mut self.replaced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_shown_for_an_hour_and_counted_for_good() {
        let mut released = ReleasedHosts::default();
        for (host, at) in [(1, 0), (2, 10), (1, 3599), (3, 3600)] {
            let at = Time::ZERO.after(Duration::from_seconds(at));
            released.note(at, (AccountId(host % 2), HostId(host)), HostTerms::default(), None);
        }
        let shown = |at: u64| -> Vec<(u32, u32)> {
            let now = Time::ZERO.after(Duration::from_seconds(at));
            released.shown(AccountId(1), now).map(|released| (released.host.0, released.term)).collect()
        };
        assert_eq!(shown(3600), [(1, 1), (3, 0)], "the first release of host 1 is an hour ago");
        assert_eq!(shown(7199), [(3, 0)]);
        assert_eq!((released.term(HostId(1)), released.term(HostId(4))), (2, 0));
        assert_eq!(released.recent.len(), 3);
    }
}
