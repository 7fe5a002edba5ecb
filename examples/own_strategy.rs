//! Runs a scenario under a placement strategy of its own, and compares it with one of the register:
//! `cargo run --release --example own_strategy`.

use std::path::Path;

use plimsoll::cloud::observe::Silent;
use plimsoll::cloud::{Cloud, RunOptions};
use plimsoll::fleet::Fleet;
use plimsoll::input::InputError;
use plimsoll::persist;
use plimsoll::placement::request::Request;
use plimsoll::placement::strategy::{Candidates, Selector, Strategy, Undo};
use plimsoll::scenario::{Overrides, Scenario};
use plimsoll::units::HostId;

/// Takes the host used last of those that fit, so that few hosts are in use.
#[derive(Clone, Default)]
struct MoveToFront {
    /// Hosts that were used, the last one first.
    recent: Vec<HostId>,
}

persist! { MoveToFront { values: [recent] } }

impl Selector for MoveToFront {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        let zone = hosts.range();
        let recent = self.recent.iter().copied().find(|id| zone.contains(&id.0) && hosts.fits(*id));
        recent.or_else(|| hosts.first_from(HostId(0)))
    }

    fn placed(&mut self, _request: &Request, host: HostId, _fleet: &Fleet) -> Undo {
        let former = self.recent.iter().position(|id| *id == host);
        former.map(|position| self.recent.remove(position));
        self.recent.insert(0, host);
        // 0: it was not in the list.
        Undo(former.map_or(0, |position| position as u64 + 1))
    }

    fn undo(&mut self, host: HostId, Undo(former): Undo) {
        self.recent.remove(0);
        if former > 0 {
            self.recent.insert(former as usize - 1, host);
        }
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}

fn main() -> Result<(), InputError> {
    let scenario = Scenario::read(Path::new("workloads/scenarios/openb.toml"), &Overrides::default())?;
    // The plain scan makes every choice a second time, and stops where the two differ.
    let options = RunOptions { verify_placement: true, ..RunOptions::default() };
    let strategy = Strategy::selecting(MoveToFront::default());
    let own = Cloud::with_strategy(&scenario, options, strategy)?.run(&mut Silent)?;
    let registered = plimsoll::run(&scenario)?;
    for (name, outcome) in [("move-to-front", &own), (&*scenario.placement.strategy.name, &registered)] {
        println!("{name}: {} of {} launched", outcome.launch.succeeded, outcome.launch.requested);
    }
    Ok(())
}
