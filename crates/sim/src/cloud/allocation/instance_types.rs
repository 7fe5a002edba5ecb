//! Instance types as the flows need them: requirements on hosts, quotas and prices.

use crate::cloud::allocation::allocator::HostAllocator;
use plimsoll_base::catalogue::{self, InstanceType, TypeTable};
use plimsoll_base::units::{AccountId, Footprint, Money, NumaNodes, Resources, TypeId, ZoneId};
use plimsoll_model::fleet::Fleet;
use plimsoll_model::fleet::hardware::{Hardware, Model};
use plimsoll_model::fleet::index::shapes::ShapeId;
use plimsoll_model::placement::config::NumaRule;
use plimsoll_model::placement::request::{Constraint, Request};
use plimsoll_model::quota::FamilyGroup;

/// Requirements and price of a type.
#[derive(Clone, Copy, Debug)]
pub struct TypeInfo {
    pub shape: ShapeId,
    pub amounts: Resources,
    pub numa: NumaNodes,
    /// Quota that counts instances of the type; `None` where hosts count instead.
    pub family_group: Option<FamilyGroup>,
    pub pico_usd_per_hour: u128,
    /// Instances running.
    pub running: u64,
    /// Constraint on any host beside capacity; `None` of most.
    pub constraint: Option<Constraint>,
    /// True if some zone does not offer the type.
    pub is_limited: bool,
}

impl TypeInfo {
    /// Returns the amounts that an instance takes from its host, and the nodes.
    pub fn footprint(&self) -> Footprint {
        Footprint { amounts: self.amounts, numa: self.numa }
    }

    /// Returns a request for an instance of the type.
    #[inline]
    pub fn request(&self, account: AccountId, zone: ZoneId) -> Request {
        let request = Request::new(self.shape, self.footprint(), account, zone);
        if self.constraint.is_some() { self.with_constraint(request) } else { request }
    }

    /// Adds the constraint of the type: apart, so that most requests copy none.
    #[cold]
    fn with_constraint(&self, request: Request) -> Request {
        Request { constraint: self.constraint, ..request }
    }
}

/// Types that were requested so far, by id.
pub struct InstanceTypes {
    pub known: Vec<Option<TypeInfo>>,
    /// Offers of the zones, where they restrict them.
    pub offers: Vec<Option<Hardware>>,
    /// NUMA nodes of types that do not say.
    pub numa: NumaRule,
}

impl InstanceTypes {
    /// Returns a type that was requested before, such as that of any instance.
    #[inline]
    pub fn of(&self, id: TypeId) -> &TypeInfo {
        self.known[id.index()].as_ref().expect("the type of an instance was requested")
    }

    /// Returns such a type, to change.
    #[inline]
    pub fn of_mut(&mut self, id: TypeId) -> &mut TypeInfo {
        self.known[id.index()].as_mut().expect("the type of an instance was requested")
    }

    /// Returns true if some type that was requested has a constraint on any host beside capacity.
    pub fn are_constrained(&self) -> bool {
        self.known.iter().flatten().any(|kind| kind.constraint.is_some())
    }

    /// Returns a type that is requested. The first request makes it known to the fleet and the index.
    #[inline]
    pub fn learn(&mut self, id: TypeId, table: &TypeTable, hosts: &mut HostAllocator) -> &TypeInfo {
        if !matches!(self.known.get(id.index()), Some(Some(_))) {
            self.learn_new(id, table, hosts);
        }
        self.of(id)
    }

    #[cold]
    fn learn_new(&mut self, id: TypeId, table: &TypeTable, hosts: &mut HostAllocator) {
        let instance_type = table.get(id);
        let amounts = instance_type.request;
        let entry = catalogue::find(&instance_type.name);
        let architectures = entry.map_or("", |entry| entry.arch.as_str());
        let model = Model { name: &instance_type.name, architectures, gpu_models: &instance_type.gpu_models };
        let barred = hosts.fleet.barring(&model);
        let whole = entry.is_some_and(|entry| entry.bare_metal);
        let is_offered = |zone: &ZoneId| self.offers(*zone, &model, barred, &hosts.fleet);
        let is_limited = !(0..self.offers.len() as u16).map(ZoneId).all(|zone| is_offered(&zone));
        hosts.placer.note_family(id, model.family());
        let numa = instance_type.numa.unwrap_or(self.numa.nodes_of(&amounts));
        let info = TypeInfo {
            shape: hosts.placer.shape(Footprint { amounts, numa }, &hosts.fleet),
            amounts,
            numa,
            family_group: FamilyGroup::of(&instance_type.name),
            pico_usd_per_hour: pico_usd_per_hour(instance_type.price_per_second),
            running: 0,
            constraint: Constraint { barred, whole, ..Constraint::default() }.or_none(),
            is_limited,
        };
        hosts.fleet.note_request(&amounts);
        if self.known.len() <= id.index() {
            self.known.resize(id.index() + 1, None);
        }
        self.known[id.index()] = Some(info);
    }

    /// Returns whether a zone offers a type that was requested.
    pub fn is_offered(&self, id: TypeId, zone: ZoneId, table: &TypeTable, fleet: &Fleet) -> bool {
        if !self.of(id).is_limited {
            return true;
        }
        let InstanceType { name, gpu_models, .. } = table.get(id);
        self.offers_models(name, gpu_models, zone, fleet)
    }

    /// Returns whether a zone offers a type of this name, requested or not.
    pub fn offers_named(&self, name: &str, zone: ZoneId, fleet: &Fleet) -> bool {
        self.offers_models(name, &[], zone, fleet)
    }

    fn offers_models(&self, name: &str, gpu_models: &[String], zone: ZoneId, fleet: &Fleet) -> bool {
        let architectures = catalogue::find(name).map_or("", |entry| entry.arch.as_str());
        let model = Model { name, architectures, gpu_models };
        self.offers(zone, &model, fleet.barring(&model), fleet)
    }

    /// Returns whether a zone offers a type that is barred from this hardware.
    fn offers(&self, zone: ZoneId, model: &Model, barred: u64, fleet: &Fleet) -> bool {
        // What a zone offers does not depend on the GPUs of single hosts.
        let by_name = Model { gpu_models: &[], ..*model };
        let offer = &self.offers[zone.index()];
        offer.as_ref().is_none_or(|offer| offer.runs(&by_name)) && fleet.runs_in(zone, barred)
    }
}

/// Returns a price for the time series, where a millionth of a millionth of a dollar is fine enough.
fn pico_usd_per_hour(per_second: Money) -> u128 {
    let pico_usd = Money::UNITS_PER_USD / 1_000_000_000_000;
    u128::try_from(per_second.0 * 3600 / pico_usd).expect("a price below 0 is refused where it is read")
}
