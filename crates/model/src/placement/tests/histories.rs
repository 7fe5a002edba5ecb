//! Strategies that know more of a host than what is free: predicted ends, its last use, the launches so far. What they take where
//! free amounts alone would not tell, by the index and the plain scan alike.

use super::*;
use crate::fleet::host::HostState;
use crate::placement::strategy::Undo;
use plimsoll_base::units::NS_PER_HOUR;

const ZONE: ZoneId = ZoneId(0);

/// Four hosts of 8 vCPU, 32 GiB and so many GPU devices.
struct Scene {
    fleet: Fleet,
    placer: Placer,
}

impl Scene {
    fn new(strategy: &str, devices: u32) -> Scene {
        let sellable = Resources([8_000, 32 * 1024, devices * 1000, 0, UNLIMITED]);
        let hosts = HostGroup { has_gpu_devices: true, ..group(Hosts::Fixed { count: 4, sellable }, None) };
        let mut fleet = Fleet::new(&[vec![hosts]]).expect("one capacity");
        let placer = Placer::new(built(&StrategyConfig::named(strategy)), &mut fleet, true);
        Scene { fleet, placer }
    }

    /// Returns a request for so much vCPU and GPU that is predicted to end in an hour.
    fn request(&mut self, vcpu: u32, gpu_milli: u32, exit: u32) -> Request {
        let amounts = Resources([vcpu * 1000, 1024, gpu_milli, 0, 0]);
        let shape = self.placer.shape(amounts, &self.fleet);
        Request { exit: ExitHour(exit), ..Request::new(shape, amounts, AccountId(0), ZONE) }
    }

    fn place(&mut self, host: u32, (vcpu, gpu_milli, exit): (u32, u32, u32)) -> (Request, Affinity, Undo) {
        let request = self.request(vcpu, gpu_milli, exit);
        let affinity = self.fleet.take(HostId(host), ZONE, request.footprint());
        let undo = self.placer.placed(&request, HostId(host), &self.fleet);
        self.placer.changed(HostId(host), ZONE, &mut self.fleet);
        (request, affinity, undo)
    }

    fn end(&mut self, host: u32, (request, affinity, _): (Request, Affinity, Undo)) {
        self.fleet.give(HostId(host), ZONE, request.footprint(), affinity);
        self.placer.removed(&request, HostId(host), &self.fleet);
        self.placer.changed(HostId(host), ZONE, &mut self.fleet);
    }

    fn undo(&mut self, host: u32, (request, affinity, undo): (Request, Affinity, Undo)) {
        self.fleet.give(HostId(host), ZONE, request.footprint(), affinity);
        self.placer.undo(&request, HostId(host), undo, &self.fleet);
        self.placer.changed(HostId(host), ZONE, &mut self.fleet);
    }

    fn chosen(&mut self, vcpu: u32, gpu_milli: u32, exit: u32) -> u32 {
        let request = self.request(vcpu, gpu_milli, exit);
        self.placer.choose(&request, &self.fleet).expect("there is room").0
    }

    fn at(&mut self, hour: u64) {
        self.placer.advance(Time(hour * NS_PER_HOUR), &mut self.fleet);
    }
}

/// Hosts 0, 1 and 2 have an instance each, with as much free, that ends in the hours 1, 9 and 50; host 3 is empty. What an instance
/// takes that ends in an hour, at first and in hour 20, when hosts 0 and 1 are overdue.
#[test]
fn strategies_that_know_ends_tell_hosts_of_equal_room_apart() {
    for (name, at_first, later) in [
        ("nilas", [(1, 0), (5, 1), (60, 2), (200, 2)], [(21, 2), (25, 2), (60, 2)]),
        ("la-binary", [(1, 0), (5, 1), (60, 1), (200, 1)], [(21, 0), (25, 2), (60, 2)]),
        ("lava", [(1, 0), (5, 1), (60, 2), (200, 2)], [(21, 0), (25, 2), (60, 2)]),
        ("dvla", [(1, 0), (5, 1), (60, 2), (200, 2)], [(21, 0), (25, 2), (60, 2)]),
    ] {
        let mut scene = Scene::new(name, 0);
        for (host, exit) in [(0, 1), (1, 9), (2, 50)] {
            scene.place(host, (2, 0, exit));
        }
        for (exit, host) in at_first {
            assert_eq!(scene.chosen(1, 0, exit), host, "{name}, until {exit}");
        }
        scene.at(20);
        for (exit, host) in later {
            assert_eq!(scene.chosen(1, 0, exit), host, "{name} in hour 20, until {exit}");
        }
    }
}

#[test]
fn lava_fills_the_gaps_of_a_host_that_was_full_with_shorter_instances() {
    let mut scene = Scene::new("lava", 0);
    let first = scene.place(0, (4, 0, 50));
    let gap = scene.place(0, (4, 0, 50));
    scene.place(1, (2, 0, 9));
    scene.end(0, gap);
    assert_eq!(
        scene.chosen(1, 0, 5),
        0,
        "a recycled host of a higher class comes before an open one of the same"
    );
    assert_eq!(scene.chosen(1, 0, 60), 1, "as long as the others it goes anywhere else");
    let undone = scene.place(1, (6, 0, 9));
    scene.undo(1, undone);
    assert_eq!(scene.chosen(1, 0, 60), 1, "a host that a launch filled which failed is open");
    scene.end(0, first);
    scene.place(0, (1, 0, 50));
    assert_eq!(scene.chosen(1, 0, 60), 0, "a host that was empty is open again");
}

#[test]
fn the_host_used_last_comes_first_and_an_undone_use_is_none() {
    let mut scene = Scene::new("move-to-front", 0);
    assert_eq!(scene.chosen(1, 0, 1), 0, "no host was used");
    let two = scene.place(2, (1, 0, 1));
    scene.place(1, (1, 0, 1));
    let three = scene.place(3, (7, 0, 1));
    assert_eq!((scene.chosen(1, 0, 1), scene.chosen(2, 0, 1)), (3, 1));
    scene.undo(3, three);
    assert_eq!(scene.chosen(1, 0, 1), 1);
    scene.end(2, two);
    assert_eq!(scene.chosen(8, 0, 1), 2, "a host that was used comes before those that never were");
    // Hosts move up in their slots many times.
    for round in 0..40 {
        let placed = scene.place(round % 4, (1, 0, 1));
        assert_eq!(scene.chosen(1, 0, 1), round % 4);
        scene.undo(round % 4, placed);
        assert_eq!(scene.chosen(1, 0, 1), 1);
    }
    assert!(scene.fleet.hosts().iter().all(|host| host.state == HostState::Active));
}

/// Most launches ask for whole devices. Host 0 has 0.4 of a device free, of which they can use nothing; host 1 is fuller by vCPU and has
/// whole devices.
#[test]
fn fgd_takes_the_fragment_that_nothing_else_can_use() {
    for (name, host) in [("best-fit", 1), ("fgd", 0)] {
        let mut scene = Scene::new(name, 4);
        for (host, vcpu, gpu_milli) in [(0, 1, 600), (0, 1, 3000), (1, 4, 0)] {
            let taken = scene.request(vcpu, gpu_milli, 1).footprint();
            scene.fleet.take(HostId(host), ZONE, taken);
            scene.placer.changed(HostId(host), ZONE, &mut scene.fleet);
        }
        for _ in 0..4 {
            scene.place(2, (1, 1000, 1));
        }
        assert_eq!(scene.chosen(1, 400, 1), host, "{name}");
    }
}
