//! The images that each host keeps, with eviction of the least recently used.

use serde::{Deserialize, Serialize};

use plimsoll_base::persist;
use plimsoll_base::units::{HostId, ImageId};

/// The images on all hosts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImageCache {
    /// Room for images on each host \[GiB\].
    capacity_gib: u64,
    /// By host, its images from the least recently used on: few, so that they are searched one by one.
    hosts: Vec<Vec<Kept>>,
    counts: ImageCounts,
}

persist! { ImageCache { values: [hosts, counts], derived: [capacity_gib] } }

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Kept {
    image: ImageId,
    gib: u64,
}

/// Counts of the caches in the window.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ImageCounts {
    /// Images that were there.
    pub hits: u64,
    /// Images that were not.
    pub misses: u64,
    /// Images given up for others.
    pub evicted: u64,
}

impl ImageCache {
    /// Returns empty caches with so much room on each host.
    pub fn new(capacity_gib: u64) -> ImageCache {
        ImageCache { capacity_gib, hosts: Vec::new(), counts: ImageCounts::default() }
    }

    /// Returns true if the host has the image, which counts as its use.
    pub fn has(&mut self, host: HostId, image: ImageId) -> bool {
        let kept = self.hosts.get_mut(host.index());
        let is_there = kept.is_some_and(|kept| touch(kept, image));
        match is_there {
            true => self.counts.hits += 1,
            false => self.counts.misses += 1,
        }
        is_there
    }

    /// Adds an image to a host as the one used last. An image larger than the cache is not kept.
    pub fn add(&mut self, host: HostId, image: ImageId, gib: u64) {
        if gib > self.capacity_gib {
            return;
        }
        if self.hosts.len() <= host.index() {
            self.hosts.resize(host.index() + 1, Vec::new());
        }
        let kept = &mut self.hosts[host.index()];
        if touch(kept, image) {
            return;
        }
        let mut used: u64 = kept.iter().map(|kept| kept.gib).sum();
        let mut given_up = 0;
        while used + gib > self.capacity_gib {
            used -= kept[given_up].gib;
            given_up += 1;
        }
        kept.drain(..given_up);
        kept.push(Kept { image, gib });
        self.counts.evicted += given_up as u64;
    }

    /// Returns the size of a host's images \[GiB\].
    pub fn used_gib(&self, host: HostId) -> u64 {
        self.hosts.get(host.index()).map_or(0, |kept| kept.iter().map(|kept| kept.gib).sum())
    }

    /// Counts begin anew.
    pub fn begin_window(&mut self) {
        self.counts = ImageCounts::default();
    }

    /// Returns the counts of the caches in the window.
    pub fn counts(&self) -> ImageCounts {
        self.counts
    }
}

/// Moves an image to the end of a host's list; false where it is not in it.
fn touch(kept: &mut [Kept], image: ImageId) -> bool {
    let place = kept.iter().position(|kept| kept.image == image);
    if let Some(place) = place {
        kept[place..].rotate_left(1);
    }
    place.is_some()
}

#[cfg(test)]
mod tests;
