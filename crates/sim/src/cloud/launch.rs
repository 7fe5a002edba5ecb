//! Launching: zone, host, address; as many instances as fit, or none below the least number asked for.
//!
//! All instances of one request go to one zone, as those of one EC2 call do.

use super::Cloud;
use super::attributes::check_tags;
use super::calls::Refused;
use super::event::{Event, Rank, Stamp, Timer};
use super::instance::Instance;
use super::ledger::Happening;
use super::place::Order;
use super::reference::{Reference, Slot};
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, InstanceId, Time, ZoneId};
use plimsoll_model::lifecycle::State;
use plimsoll_model::operation::Operation;
use plimsoll_model::placement::request::Constraint;
use plimsoll_model::placement::reservations::Preference;
use plimsoll_model::workload::call::{End, Launch, LaunchOptions};
use plimsoll_model::workload::handles::Handle;

/// User data before it is encoded (EC2 user guide, "Run commands when you launch": 16 KB).
const MAX_USER_DATA_BYTES: u32 = 16 * 1024;

/// Whether a launch leads to anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Novelty {
    New,
    /// Its token was used before: its name stands for the instances that led to.
    Repeated,
}

impl Cloud {
    #[inline(always)] // every launch
    pub(super) fn on_launch(&mut self, now: Time, account: AccountId, launch: &Launch) {
        self.batch.clear();
        let mut order = self.order(now, account, launch);
        let refused = match self.heed_options(&mut order) {
            Ok(Novelty::New) => self.place_batch(&mut order).err(),
            Ok(Novelty::Repeated) => return self.ledger.count_call(Operation::Launch, None),
            Err(reason) => Some(refused(launch, reason, launch.zone)),
        };
        let launched = self.batch.len() as u32;
        let missing = launch.max_count - launched;
        let failure = refused.map(|refused| refused.reason.failure);
        self.ledger.count_call(Operation::Launch, failure.filter(|_| launched == 0));
        self.ledger.count_launch(launch.max_count, failure, missing);
        if let Some(refused) = refused {
            self.refuse(now, Operation::Launch, account, refused, missing);
        }
        self.name(launch.handle, &[]);
        self.begin_batch(&order);
    }

    /// The instances of the batch begin their lives.
    #[inline]
    fn begin_batch(&mut self, order: &Order) {
        let launched = self.batch.len() as u32;
        let token = order.launch.options.as_deref().and_then(|options| options.token.as_ref());
        let mut instances = Vec::new();
        for i in 0..launched {
            let slot = self.admit(order, i);
            if token.is_some() {
                instances.push(self.instances.reference(slot));
            }
            self.begin(order.now, slot, order.launch, i);
        }
        if let Some(token) = token.filter(|_| launched > 0) {
            self.tokens.remember(order.now, order.account, token, order.launch, instances);
        }
    }

    /// A name stands for these instances from now on.
    pub(super) fn name(&mut self, handle: Option<Handle>, instances: &[Reference]) {
        if let Some(handle) = handle {
            self.names.instances.set(handle, instances);
        }
    }

    /// A launch as the flows hand it on, but for its options.
    #[inline]
    pub(super) fn order<'a>(&mut self, now: Time, account: AccountId, launch: &'a Launch) -> Order<'a> {
        // Zones are tried one after the other.
        let request = Cloud::request(self.kind(launch.kind), account, ZoneId::default());
        Order { now, account, request, preference: Preference::Open, launch }
    }

    /// Adds to an order what its options ask of the host, if nothing can be said against it before a place is
    /// looked for.
    #[inline]
    pub(super) fn heed_options(&mut self, order: &mut Order) -> Result<Novelty, FailureReason> {
        match order.launch.options.as_deref() {
            None => Ok(Novelty::New),
            Some(options) => self.heed(options, order),
        }
    }

    #[cold]
    fn heed(&mut self, options: &LaunchOptions, order: &mut Order) -> Result<Novelty, FailureReason> {
        let Order { now, account, launch, .. } = *order;
        if let Some(token) = &options.token
            && let Some(instances) = self.tokens.recall(now, account, token, launch)?
        {
            let instances = instances.to_vec();
            self.name(launch.handle, &instances);
            return Ok(Novelty::Repeated);
        }
        if options.user_data_bytes > MAX_USER_DATA_BYTES {
            let (asked, most) = (u64::from(options.user_data_bytes), u64::from(MAX_USER_DATA_BYTES));
            return Err(Failure::InvalidParameterValue.because(LimitKind::UserDataBytes, asked, most));
        }
        check_tags(options.tags.iter().map(|tag| tag.key.as_str()))?;
        if let Some(image) = options.image {
            self.storage.launchable(self.image(account, image)?, account)?;
        }
        for group in &options.security_groups {
            self.security_group(account, *group)?;
        }
        let (own, preference) = self.wishes(account, options)?;
        order.request = Cloud::with_constraint(order.request, launch.kind, own);
        order.preference = preference;
        self.placer.check(&order.request, &self.fleet)?;
        self.check_type(launch.kind, options, order.request.group())?;
        Ok(Novelty::New)
    }

    /// Places as many instances as fit, at least the least number. `Err` says what refused the rest;
    /// `batch` holds what was placed nonetheless, which is nothing below the least number.
    pub(super) fn place_batch(&mut self, order: &mut Order) -> Result<(), Refused> {
        let launch = order.launch;
        self.order_zones(launch, order.request.constraint.as_ref())?;
        if self.known(launch.kind).is_limited {
            self.leave_out_zones(launch)?;
        }
        let mut worst: Option<Refused> = None;
        // Elastic hosts open only when nothing that is open fits, in whatever zone.
        let passes: &[bool] = if self.fleet.is_elastic() { &[false, true] } else { &[false] };
        for &may_open in passes {
            for i in 0..self.zone_order.len() {
                order.request.zone = self.zone_order[i];
                let Err(refused) = self.fill(order, may_open) else {
                    return Ok(());
                };
                let placed = self.batch.len() as u32;
                if placed >= launch.min_count {
                    // The zone is settled; what is still missing may open hosts there.
                    return self.fill(order, true);
                }
                self.undo_batch(order);
                // An address is looked for after a host was found: that zone came further.
                let came_further =
                    |old: &Refused| old.reason.failure == Failure::InsufficientInstanceCapacity;
                if worst.as_ref().is_none_or(came_further) {
                    worst = Some(refused);
                }
            }
        }
        Err(worst.expect("a scenario has a zone"))
    }

    /// The zones to try: the one named, else the subnet's, else all, most free vCPU first.
    #[inline]
    fn order_zones(&mut self, launch: &Launch, constraint: Option<&Constraint>) -> Result<(), Refused> {
        self.zone_order.clear();
        let member = constraint.and_then(|constraint| constraint.group);
        let bound_to = member.and_then(|member| self.placer.groups.bound_to(member.group));
        let of_subnet = launch.subnet.map(|subnet| self.network.subnets()[subnet.index()].zone);
        match (launch.zone, of_subnet) {
            (Some(zone), Some(other)) if zone != other => {
                return Err(refused(launch, Failure::InvalidParameterValue.into(), Some(zone)));
            }
            (Some(zone), _) | (None, Some(zone)) => {
                if bound_to.is_some_and(|other| other != zone) {
                    // EC2's answer: "The placement group is in use in another availability zone".
                    let failure = Failure::InvalidPlacementGroupInUse;
                    return Err(refused(launch, failure.into(), Some(zone)));
                }
                self.zone_order.push(zone);
            }
            (None, None) => {
                if let Some(zone) = bound_to {
                    self.zone_order.push(zone);
                    return Ok(());
                }
                let zones = self.fleet.zones();
                self.zone_order.extend((0..zones.len() as u16).map(ZoneId));
                if zones.len() > 1 {
                    // Stable: file order on ties.
                    self.zone_order
                        .sort_by_key(|zone| std::cmp::Reverse(zones[zone.index()].free_vcpu_milli));
                }
            }
        }
        Ok(())
    }

    /// Leaves out the zones that do not offer the type.
    #[cold]
    fn leave_out_zones(&mut self, launch: &Launch) -> Result<(), Refused> {
        let first = self.zone_order.first().copied();
        let mut zones = std::mem::take(&mut self.zone_order);
        zones.retain(|zone| self.is_offered(launch.kind, *zone));
        self.zone_order = zones;
        let is_any = !self.zone_order.is_empty();
        is_any.then_some(()).ok_or_else(|| refused(launch, Failure::Unsupported.into(), first))
    }

    /// Places instances in the order's zone until the batch is full or one is refused.
    #[inline]
    fn fill(&mut self, order: &Order, may_open: bool) -> Result<(), Refused> {
        while (self.batch.len() as u32) < order.launch.max_count {
            self.place_one(order, may_open)
                .map_err(|reason| refused(order.launch, reason, Some(order.request.zone)))?;
        }
        Ok(())
    }

    /// Gives back what was taken for the batch, the last first.
    fn undo_batch(&mut self, order: &Order) {
        self.undo_decisions(order);
        while let Some(placement) = self.batch.pop() {
            self.undo_place(order, &placement);
        }
    }

    /// Writes down the instance of the batch's placement `i`, pending.
    #[inline]
    pub(super) fn admit(&mut self, order: &Order, i: u32) -> Slot {
        let Order { account, launch, .. } = *order;
        let placement = self.batch[i as usize];
        let slot = self.instances.add(Instance {
            id: InstanceId(0),
            since: Time::ZERO,
            number: launch.first_instance + u64::from(i),
            host: placement.host,
            kind: launch.kind,
            account,
            subnet: placement.subnet,
            address: placement.address,
            cycle: 0,
            zone: placement.zone,
            stops: launch.stops,
            timers: 0,
            stamp: 0,
            state: State::Pending,
            has_host: true,
            has_public_address: placement.has_public_address,
            wants_public_address: placement.has_public_address,
            past_minimum: false,
            has_extras: false,
        });
        self.go_aboard(slot);
        if let Some(options) = &launch.options {
            self.admit_with(slot, order, options);
        }
        if !self.reservations.is_empty() {
            self.enter_room(slot, placement.reservation);
        }
        if let Some(handle) = launch.handle {
            self.names.instances.add(handle, self.instances.reference(slot));
        }
        slot
    }

    /// An admitted instance begins its life.
    #[inline]
    fn begin(&mut self, now: Time, slot: Slot, launch: &Launch, i: u32) {
        let instance = self.instances.get(slot);
        let (id, host, account) = (instance.id, instance.host, instance.account);
        self.instances.get_mut(slot).since = self.note_entry(now, slot, State::Pending);
        self.ledger.happened(now, Happening::Launched, id, host);
        let end = match launch.end {
            End::Never => None,
            End::At(end) => Some(end.max(now)),
            // The control plane decides when it runs.
            End::Drawn if self.control.is_some() => None,
            End::Drawn => Some(now.after(self.delays.boot_takes).after(self.lifetime(i))),
        };
        if let Some(end) = end.filter(|end| *end > now) {
            self.set_lifetime(end, slot);
        }
        self.note_host(slot);
        match self.control {
            None => self.boot(now, slot),
            Some(_) => {
                let image = self.image_of(account, launch);
                let lifetime = (launch.end == End::Drawn).then(|| self.lifetime(i));
                self.bring_up(now, slot, image, lifetime);
            }
        }
        if end == Some(now) {
            self.lifetime_over(now, slot);
        }
    }

    /// Sets the timer of an instance's end.
    #[inline]
    pub(super) fn set_lifetime(&mut self, end: Time, slot: Slot) {
        if end == Time::NEVER {
            return;
        }
        self.instances.get_mut(slot).timers += 1;
        let over = Event::Instance(Timer::LifetimeOver, Stamp(0), slot);
        self.queue.push(end, Rank::Departure as u8, over);
    }
}

/// A launch that was refused where it asked to be, or where it ended.
fn refused(launch: &Launch, reason: FailureReason, zone: Option<ZoneId>) -> Refused {
    Refused { reason, kind: Some(launch.kind), zone, launch: Some(launch.first_instance) }
}
