//! The table of the live instances.

use std::collections::BTreeMap;

use crate::cloud::instances::extras::{Extras, ExtrasTable};
pub use crate::cloud::instances::instance::Instance;
use crate::cloud::instances::instances_by_id::InstancesById;
use crate::cloud::instances::live_instances::LiveInstances;
use crate::cloud::instances::reference::{Reference, Slot};
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::units::{AccountId, InstanceId};
use plimsoll_model::fleet::topology::Affinity;
use plimsoll_model::lifecycle::State;
use plimsoll_model::placement::exits::ExitHour;

/// Live instances, and ended ones that timers still name.
#[derive(Clone, Debug, Default)]
pub struct Instances {
    slots: Vec<Instance>,
    free: Vec<Slot>,
    launched: u64,
    terminated: u64,
    /// Live instances by account; `None` until the first query.
    alive_of: Option<Vec<u64>>,
    /// Live instances to sample from, where calls draw them.
    live: Option<LiveInstances>,
    /// Instances by id; `None` where no client names them.
    pub by_id: Option<Box<InstancesById>>,
    /// Attributes that only some instances have.
    pub extras: ExtrasTable,
    /// Parts of their hosts that instances are on, by slot, up to the last one on a divided host.
    affinities: Vec<Affinity>,
    /// Hours in which instances are predicted to end, by slot; empty where nothing is predicted.
    exits: Vec<ExitHour>,
    /// Instances that may have an elastic IP address, by id.
    pub elastic_ip_holders: BTreeMap<InstanceId, Reference>,
    /// Instances that were launched with volumes, by id.
    pub with_volumes: BTreeMap<InstanceId, Reference>,
}

/// Writes records one after the other, as there may be millions.
impl Persist for Instances {
    fn save(&self, out: &mut Writer<'_>) {
        let Instances { slots, free, launched, terminated, alive_of, live, .. } = self;
        let Instances { extras, affinities, exits, elastic_ip_holders, with_volumes, .. } = self;
        out.put(&(launched, terminated, alive_of, live, free));
        out.put_length(slots.len());
        slots.iter().for_each(|instance| out.put(instance));
        extras.save(out);
        out.put(affinities);
        out.put(exits);
        out.put(&(elastic_ip_holders, with_volumes));
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        (self.launched, self.terminated, self.alive_of, self.live, self.free) = from.get()?;
        let length = from.get_length()?;
        self.reserve(length);
        for _ in 0..length {
            self.slots.push(from.get()?);
        }
        self.extras.restore(from)?;
        self.affinities = from.get()?;
        self.exits = from.get()?;
        (self.elastic_ip_holders, self.with_volumes) = from.get()?;
        Ok(())
    }
}

impl Instances {
    /// Reserves memory for `count` instances at once.
    pub fn reserve(&mut self, count: usize) {
        self.slots.reserve_exact(count);
    }

    /// Prepares for [`Instances::sample`]. To be called before any instance is added.
    pub fn keep_live(&mut self) {
        assert_eq!(self.launched, 0, "everybody who is alive has to be known");
        self.live = Some(LiveInstances::default());
    }

    /// Prepares for clients that name instances by their ids. To be called before any instance is added.
    pub fn keep_by_id(&mut self) {
        assert_eq!(self.launched, 0, "every instance has to be known");
        self.by_id = Some(Box::default());
    }

    /// Adds an instance; its `id` is given here.
    #[inline]
    pub fn add(&mut self, mut instance: Instance) -> Slot {
        instance.id = InstanceId(self.launched);
        self.launched += 1;
        let Instance { id, account, .. } = instance;
        if let Some(alive_of) = &mut self.alive_of {
            count_of(alive_of, account, 1);
        }
        let slot = self.insert(instance);
        if let Some(by_id) = &mut self.by_id {
            by_id.add(slot, &self.slots[slot.0 as usize]);
        }
        if let Some(live) = &mut self.live {
            live.join(Reference { slot, id, account });
        }
        slot
    }

    /// Puts an instance into a slot.
    #[inline]
    fn insert(&mut self, instance: Instance) -> Slot {
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot.0 as usize] = instance;
                slot
            }
            None => {
                let slot = u32::try_from(self.slots.len()).expect("fewer than 2³² instances at once");
                self.slots.push(instance);
                Slot(slot)
            }
        }
    }

    /// Returns the instance in a slot.
    #[inline]
    pub fn get(&self, slot: Slot) -> &Instance {
        &self.slots[slot.0 as usize]
    }

    /// Returns the instance in a slot, to change.
    #[inline]
    pub fn get_mut(&mut self, slot: Slot) -> &mut Instance {
        &mut self.slots[slot.0 as usize]
    }

    /// Returns the parts of its host that an instance is on: none where that is not divided.
    #[inline]
    pub fn affinity(&self, slot: Slot) -> Affinity {
        self.affinities.get(slot.0 as usize).copied().unwrap_or_default()
    }

    /// Notes the parts of its host that an instance is on from now on.
    #[inline]
    pub fn set_affinity(&mut self, slot: Slot, affinity: Affinity) {
        let slot = slot.0 as usize;
        if affinity != Affinity::default() && self.affinities.len() <= slot {
            self.affinities.resize(slot + 1, Affinity::default());
        }
        if let Some(known) = self.affinities.get_mut(slot) {
            *known = affinity;
        }
    }

    /// Returns the hour in which an instance is predicted to end.
    #[inline]
    pub fn exit(&self, slot: Slot) -> ExitHour {
        self.exits.get(slot.0 as usize).copied().unwrap_or_default()
    }

    /// Notes the hour in which an instance is predicted to end.
    #[inline]
    pub fn set_exit(&mut self, slot: Slot, exit: ExitHour) {
        let slot = slot.0 as usize;
        if exit != ExitHour::UNKNOWN && self.exits.len() <= slot {
            self.exits.resize(slot + 1, ExitHour::UNKNOWN);
        }
        if let Some(known) = self.exits.get_mut(slot) {
            *known = exit;
        }
    }

    /// Notes that the instance has ended. Its slot is used again once no timer names it.
    #[inline]
    pub fn ended(&mut self, slot: Slot) {
        self.terminated += 1;
        let instance = &self.slots[slot.0 as usize];
        if let Some(alive_of) = &mut self.alive_of {
            count_of(alive_of, instance.account, u64::MAX);
        }
        if let Some(live) = &mut self.live {
            live.leave(instance.account, slot);
        }
        if let Some(by_id) = &mut self.by_id {
            by_id.ended(instance);
        }
        if instance.timers == 0 {
            self.free.push(slot);
        }
    }

    /// Notes that a timer that named the slot has fired or was found void.
    #[inline]
    pub fn timer_gone(&mut self, slot: Slot) {
        let instance = self.get_mut(slot);
        instance.timers -= 1;
        if instance.timers == 0 && instance.state == State::Terminated {
            self.free.push(slot);
        }
    }

    /// Returns a reference to the instance that stays valid after its end.
    pub fn reference(&self, slot: Slot) -> Reference {
        let instance = self.get(slot);
        Reference { slot, id: instance.id, account: instance.account }
    }

    /// Returns the slot of a reference; `None` once the instance has ended, whether or not another took its slot.
    pub fn resolve(&self, reference: Reference) -> Option<Slot> {
        let instance = self.get(reference.slot);
        (instance.id == reference.id && instance.state != State::Terminated).then_some(reference.slot)
    }

    /// Returns the id of the instance that is added after `others` more.
    #[inline]
    pub fn next_id(&self, others: usize) -> InstanceId {
        InstanceId(self.launched + others as u64)
    }

    /// Returns the number of live instances of an account. The first call counts them all; from then on they are counted as
    /// they come and go.
    pub fn alive_of(&mut self, account: AccountId) -> u64 {
        let alive_of = self.alive_of.get_or_insert_with(|| {
            let mut alive_of = Vec::new();
            let alive = self.slots.iter().filter(|instance| instance.state != State::Terminated);
            alive.for_each(|instance| count_of(&mut alive_of, instance.account, 1));
            alive_of
        });
        alive_of.get(account.index()).copied().unwrap_or(0)
    }

    /// Returns the live instances of an account that a draw selects, up to `count` different ones.
    pub fn sample(&self, account: AccountId, draw: u64, count: u32) -> impl Iterator<Item = Reference> {
        self.live().sample(account, draw, count)
    }

    /// Returns the live instance of an account that a draw falls on; `None` where there is none.
    #[inline]
    pub fn sample_one(&self, account: AccountId, draw: u64) -> Option<Reference> {
        self.live().sample_one(account, draw)
    }

    fn live(&self) -> &LiveInstances {
        self.live.as_ref().expect("who is alive is kept where calls draw their instances")
    }

    /// Loads the first entry that [`Instances::sample`] will read. Changes nothing.
    #[inline]
    pub fn prefetch_sample(&self, account: AccountId, draw: u64) {
        if let Some(live) = &self.live {
            live.prefetch(account, draw);
        }
    }

    /// Panics unless the table of live instances, where there is one, holds exactly these.
    pub fn assert_live(&self) {
        let Some(live) = &self.live else { return };
        let is_alive = |(_, instance): &(Slot, &Instance)| instance.state != State::Terminated;
        for (slot, instance) in self.slots().filter(is_alive) {
            let found = live.of(instance.account).get(live.position(slot));
            assert_eq!(found, Some(&self.reference(slot)), "an instance cannot be sampled");
        }
        assert_eq!(live.len() as u64, self.alive(), "the dead can be drawn");
    }

    /// Returns the number of instances launched and not yet terminated.
    pub fn alive(&self) -> u64 {
        self.launched - self.terminated
    }

    /// Returns the extras of an instance; an instance without any gets them now.
    pub fn extras_mut(&mut self, slot: Slot) -> &mut Extras {
        self.get_mut(slot).has_extras = true;
        self.extras.make(slot)
    }

    /// Notes that an instance has a resource to be released when it ends: only instances with extras are examined
    /// then.
    pub fn ensure_extras(&mut self, slot: Slot) {
        self.extras_mut(slot);
    }

    /// Returns every slot, those of ended instances included.
    pub fn all_slots(&self) -> impl Iterator<Item = Slot> + use<> {
        (0..self.slots.len() as u32).map(Slot)
    }

    /// Returns every slot where `takes_all`, else some of them.
    pub fn all_slots_or<'a>(
        &self,
        some: &'a [Slot],
        takes_all: bool,
    ) -> impl Iterator<Item = Slot> + use<'a> {
        let (all, some) = if takes_all { (self.slots.len() as u32, [].as_slice()) } else { (0, some) };
        (0..all).map(Slot).chain(some.iter().copied())
    }

    /// Returns every slot, those of ended instances included, with its instance.
    pub fn slots(&self) -> impl Iterator<Item = (Slot, &Instance)> {
        self.slots.iter().enumerate().map(|(slot, instance)| (Slot(slot as u32), instance))
    }
}

/// Adds to the number of live instances of an account; adding the greatest number subtracts one.
#[cold]
fn count_of(alive_of: &mut Vec<u64>, account: AccountId, change: u64) {
    if alive_of.len() <= account.index() {
        alive_of.resize(account.index() + 1, 0);
    }
    let alive = &mut alive_of[account.index()];
    *alive = alive.wrapping_add(change);
}
