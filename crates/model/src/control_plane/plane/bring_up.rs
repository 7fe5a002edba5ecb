//! Bring-up of an instance that has a host: download of its image, boot, write of its state.

use super::flow::StepOutcome;
use super::jobs::{BringUp, BringUpId, ImageSize, Job, Task};
use super::path::{JobPath, Step};
use super::{Effect, Plane, PlaneTimer};
use crate::control_plane::config::ImageDeliveryConfig;
use crate::control_plane::image_cache::ImageCache;
use crate::control_plane::job::JobId;
use crate::control_plane::link::Link;
use plimsoll_base::metrics::Durations;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

/// Bits of a GiB.
const BITS_PER_GIB: u128 = 8 << 30;

/// Bits a second of a Mbit/s.
const BPS_PER_MBPS: u64 = 1_000_000;

/// Images on the hosts, and downloads.
#[derive(Clone, Debug)]
pub(super) struct Images {
    pub kept: ImageCache,
    /// Downloads, by rack.
    pub racks: Vec<Link>,
    /// Download times.
    pub downloads: Durations,
    /// Sum of the download times \[ns\].
    pub downloaded: u128,
    host_bps: Option<u64>,
    rack_bps: Option<u64>,
    /// Size of an image that does not state its own \[GiB\].
    pub default_gib: u32,
}

persist! { Images {
    values: [racks, downloads, downloaded],
    nested: [kept],
    derived: [host_bps, rack_bps, default_gib],
} }

impl Images {
    pub fn new(config: &ImageDeliveryConfig) -> Images {
        let bps = |mbps: Option<u32>| mbps.map(|mbps| u64::from(mbps) * BPS_PER_MBPS);
        Images {
            kept: ImageCache::new(u64::from(config.host_cache_gib)),
            racks: Vec::new(),
            downloads: Durations::default(),
            downloaded: 0,
            host_bps: bps(config.host_mbps.0),
            rack_bps: bps(config.rack_mbps.0),
            default_gib: config.default_gib,
        }
    }

    /// Returns the link of a rack.
    fn rack(&mut self, rack: u32) -> &mut Link {
        while self.racks.len() <= rack as usize {
            self.racks.push(Link::new(self.host_bps, self.rack_bps));
        }
        &mut self.racks[rack as usize]
    }

    /// Returns true if downloads take no time.
    fn are_unlimited(&self) -> bool {
        self.host_bps.is_none() && self.rack_bps.is_none()
    }

    pub fn begin_window(&mut self) {
        self.kept.begin_window();
        self.racks.iter_mut().for_each(Link::begin_window);
        self.downloads = Durations::default();
        self.downloaded = 0;
    }
}

impl Plane {
    /// Returns the size of an image that does not state its own \[GiB\].
    pub fn default_image_gib(&self) -> u32 {
        self.images.default_gib
    }

    /// Begins to bring an instance up. Returns it at once where that takes no time.
    pub fn bring_up(&mut self, now: Time, bring_up: BringUp) -> Option<BringUp> {
        let task = Task::BringUp(self.booting.add(bring_up));
        let job = self.jobs.add(Job::new(task, JobPath::BringUp, Step::Download));
        self.advance(now, job).map(|effect| {
            assert_eq!(effect, Effect::Finish(job), "an instance that comes up wishes to run");
            self.came_up(job)
        })
    }

    /// Ends the bring-up of an instance that may run now, and returns it.
    pub fn came_up(&mut self, id: JobId) -> BringUp {
        let booting = self.boot_of(id);
        let bring_up = self.booting[booting];
        self.booting.remove(booting);
        self.jobs.remove(id);
        bring_up
    }

    /// Downloads the image to the host, unless it is there.
    pub(super) fn download(&mut self, now: Time, id: JobId) -> StepOutcome {
        let BringUp { host, rack, image, .. } = self.booting[self.boot_of(id)];
        let Some(ImageSize { id: image, gib }) = image.filter(|image| image.gib > 0) else {
            return StepOutcome::Passed;
        };
        if self.images.are_unlimited() || self.images.kept.has(host, image) {
            return StepOutcome::Passed;
        }
        self.jobs[id].began = now;
        let link = self.images.rack(rack);
        link.join(now, host.0, u128::from(gib) * BITS_PER_GIB, id);
        self.await_downloads(rack);
        StepOutcome::Waits
    }

    /// Ends the downloads of a rack that are complete.
    pub(super) fn downloads_end(&mut self, now: Time, rack: u32) {
        while let Some(id) = self.images.rack(rack).finish(now) {
            let BringUp { host, image, .. } = self.booting[self.boot_of(id)];
            let ImageSize { id: image, gib } = image.expect("there was something to download");
            self.images.kept.add(host, image, u64::from(gib));
            let took = now.since(self.jobs[id].began);
            self.images.downloads.record(took);
            self.images.downloaded += u128::from(took.0);
            self.go_on(now, id);
        }
        self.await_downloads(rack);
    }

    fn await_downloads(&mut self, rack: u32) {
        if let Some(at) = self.images.rack(rack).wake() {
            self.outbox.set_timer(at, PlaneTimer::Downloaded, rack);
        }
    }

    /// Boots the instance.
    pub(super) fn boot(&mut self, now: Time, id: JobId) -> StepOutcome {
        let boot = self.booting[self.boot_of(id)].boot;
        if boot == Duration::ZERO {
            return StepOutcome::Passed;
        }
        self.outbox.set_timer(now.after(boot), PlaneTimer::Booted, id.0);
        StepOutcome::Waits
    }

    fn boot_of(&self, id: JobId) -> BringUpId {
        match self.jobs[id].task {
            Task::BringUp(booting) => booting,
            task => unreachable!("{task:?} is no instance that comes up"),
        }
    }
}
