//! The types and bare shapes of one run: the request and the price per second of each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::entry::{CatalogueEntry, built_in};
use crate::engine::checkpoint::{self, Persist, RestoreError, Writer};
use crate::input::{InputError, Place, Problem, did_you_mean};
use crate::units::{Decimal, Money, NumaNodes, QUANTITIES, Quantity, Resources, TypeId, Unreadable};

/// An instance type of the scenario: new, or in place of the catalogue's of the same name.
///
/// Keys left out keep the catalogue's values. A new type needs `vcpu` and `memory_gib`, has
/// none of the other resources and no limits, and without a price is billed by `[billing.shape]`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceTypeConfig {
    /// Name, such as `m5.large`.
    pub name: String,
    /// Virtual processors \[vCPU\], to a thousandth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpu: Option<Decimal>,
    /// Memory \[GiB\], whole MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_gib: Option<Decimal>,
    /// GPUs, to a thousandth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Decimal>,
    /// Disks of the host itself \[GiB\], whole MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_storage_gib: Option<Decimal>,
    /// Network bandwidth reserved on the host \[Gbit/s\], whole Mbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_gbps: Option<Decimal>,
    /// NUMA nodes of its host that an instance takes, 1 or 2; default what `[placement.numa]` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numa: Option<u32>,
    /// Models of GPU that an instance may have, such as `V100M32`; default any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpu_models: Vec<String>,
    /// Network interfaces an instance may have, the first included. A new type gives this and
    /// `addresses_per_interface` together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_interfaces: Option<u32>,
    /// Private addresses of one interface, the first included; a prefix counts as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses_per_interface: Option<u32>,
    /// Volumes an instance may have attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attachments: Option<u32>,
    /// On-demand price \[USD/h\], at most twelve decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand_usd_per_hour: Option<Decimal>,
}

/// On-demand prices of bare shapes, and of types that have no price of their own.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ShapePrice {
    /// Price of a vCPU \[USD/h\]. Default 0.04048: serverless containers (Fargate), us-east-1.
    pub usd_per_vcpu_hour: Decimal,
    /// Price of a GiB of memory \[USD/h\]. Default 0.004445: serverless containers (Fargate), us-east-1.
    pub usd_per_gib_hour: Decimal,
    /// Price of a GPU \[USD/h\]. Default 0.69, an assumption: the median over the catalogue's priced
    /// GPU types of what vCPU and memory at the prices above leave of theirs, by GPU.
    pub usd_per_gpu_hour: Decimal,
}

impl Default for ShapePrice {
    fn default() -> ShapePrice {
        ShapePrice {
            usd_per_vcpu_hour: Decimal::from("0.04048"),
            usd_per_gib_hour: Decimal::from("0.004445"),
            usd_per_gpu_hour: Decimal::from("0.69"),
        }
    }
}

/// A type or bare shape.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstanceType {
    /// Name of the type, or of the shape: `2vcpu-3.5gib`.
    pub name: String,
    /// Amounts that an instance takes from its host.
    pub request: Resources,
    /// NUMA nodes that it takes them from; `None`: those that the placement says.
    pub numa: Option<NumaNodes>,
    /// Models of GPU that it may have, in order; none: any.
    pub gpu_models: Vec<String>,
    /// On-demand price of a second, exact.
    pub price_per_second: Money,
    /// True if the price is `[billing.shape]`'s, for want of one of its own.
    pub priced_by_shape: bool,
    /// Network interfaces it may have; `None` for no limit, as for every bare shape.
    pub interfaces: Option<InterfaceLimits>,
    /// Volumes it may have attached; `None` for no limit, as for every bare shape.
    pub volume_attachments: Option<u32>,
}

/// Size without a name, and what else it asks of its host.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct BareShape {
    /// Amounts that an instance takes from its host.
    pub request: Resources,
    /// NUMA nodes that it takes them from; `None`: those that the placement says.
    pub numa: Option<NumaNodes>,
    /// Models of GPU that it may have, in order; none: any.
    pub gpu_models: Vec<String>,
}

impl From<Resources> for BareShape {
    fn from(request: Resources) -> BareShape {
        BareShape { request, ..BareShape::default() }
    }
}

/// Numbers of network interfaces and addresses that an instance of a type may have (EC2 user guide, "IP
/// addresses per network interface per instance type").
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InterfaceLimits {
    /// Interfaces, the first included.
    pub interfaces: u32,
    /// Private IPv4 addresses of one interface, the first included; a prefix counts as one.
    pub addresses_each: u32,
}

impl InstanceType {
    /// Returns what it asks of its host.
    pub fn bare_shape(&self) -> BareShape {
        let InstanceType { request, numa, .. } = *self;
        BareShape { request, numa, gpu_models: self.gpu_models.clone() }
    }
}

/// The most a type may cost \[USD/h\]: a month of 14 million instances at it still fits into [`Money`].
const MAX_USD_PER_HOUR: i128 = 1_000_000;

/// The most a vCPU, GiB or GPU of a bare shape may cost \[USD/h\].
const MAX_SHAPE_USD_PER_HOUR: i128 = 1_000;

/// The types and bare shapes of one run, numbered in the order of first use.
#[derive(Clone, Debug)]
pub struct TypeTable {
    /// Every type that can be named, used or not.
    known: BTreeMap<String, InstanceType>,
    rates: Rates,
    used: Vec<InstanceType>,
    id_of_name: HashMap<String, TypeId>,
    id_of_shape: HashMap<BareShape, TypeId>,
}

impl TypeTable {
    /// Returns the catalogue with the scenario's types added or replaced, or every problem at once.
    pub fn new(overrides: &[InstanceTypeConfig], shape_price: &ShapePrice) -> Result<TypeTable, InputError> {
        let mut problems = Vec::new();
        let rates = Rates::read(shape_price, &mut problems);
        let mut known: BTreeMap<String, InstanceType> =
            built_in().iter().map(|entry| (entry.name.clone(), rates.price(entry))).collect();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, config) in overrides.iter().enumerate() {
            let mut reader = Reader { path: format!("instance_types.{i}"), problems: &mut problems };
            if let Some(first) = seen.insert(&config.name, i) {
                let message = format!("`{}` is already the name of `instance_types.{first}`", config.name);
                reader.problem("name", message, "give each type one entry");
            }
            let base = known.get(&config.name);
            if let Some(made) = reader.instance_type(config, base, &rates) {
                known.insert(config.name.clone(), made);
            }
        }
        if !problems.is_empty() {
            return Err(InputError(problems));
        }
        let (id_of_name, id_of_shape) = (HashMap::new(), HashMap::new());
        Ok(TypeTable { known, rates, used: Vec::new(), id_of_name, id_of_shape })
    }

    /// Returns the id of a named type, given at its first use; `None` when there is no such type.
    pub fn named(&mut self, name: &str) -> Option<TypeId> {
        if let Some(&id) = self.id_of_name.get(name) {
            return Some(id);
        }
        let id = self.next_id();
        self.used.push(self.known.get(name)?.clone());
        self.id_of_name.insert(name.to_string(), id);
        Some(id)
    }

    /// Returns the id of a bare shape, given at its first use.
    pub fn shape(&mut self, shape: impl Into<BareShape>) -> TypeId {
        let shape = shape.into();
        if let Some(&id) = self.id_of_shape.get(&shape) {
            return id;
        }
        let id = self.next_id();
        let BareShape { request, numa, ref gpu_models } = shape;
        let made = self.rates.instance_type(shape_name(&shape), request, None);
        self.used.push(InstanceType { numa, gpu_models: gpu_models.clone(), ..made });
        self.id_of_shape.insert(shape, id);
        id
    }

    fn next_id(&self) -> TypeId {
        TypeId(u32::try_from(self.used.len()).expect("fewer than 2³² types and shapes"))
    }

    /// Returns a type or shape in use.
    #[inline]
    pub fn get(&self, id: TypeId) -> &InstanceType {
        &self.used[id.index()]
    }

    /// Returns the name of a type in use; `None` of a bare shape.
    pub fn name_of(&self, id: TypeId) -> Option<&str> {
        let name = &self.get(id).name;
        (self.id_of_name.get(name) == Some(&id)).then_some(name.as_str())
    }

    /// Returns how many types and shapes are in use.
    pub fn len(&self) -> usize {
        self.used.len()
    }

    /// Returns true while none is in use.
    pub fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// Returns the types and shapes in use, in the order of their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (TypeId, &InstanceType)> {
        self.used.iter().enumerate().map(|(i, kind)| (TypeId(i as u32), kind))
    }

    /// Returns every type that can be named, used or not, by name.
    pub fn known(&self) -> impl Iterator<Item = &InstanceType> {
        self.known.values()
    }

    /// Returns whether a type of the name is known.
    pub fn has(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Returns whether a type of the family is known: `m5` is the family of `m5.large`, and a name without a point its own.
    pub fn has_family(&self, family: &str) -> bool {
        let sizes = format!("{family}.");
        self.has(family) && !family.contains('.')
            || self.known.range(sizes.clone()..).next().is_some_and(|(name, _)| name.starts_with(&sizes))
    }

    /// Returns the help for an unknown family: the nearest known ones.
    pub fn suggest_family(&self, family: &str) -> Option<String> {
        let known =
            self.known.keys().map(|name| name.split_once('.').map_or(name.as_str(), |(family, _)| family));
        did_you_mean(family, known.collect::<BTreeSet<&str>>())
    }

    /// Returns the help for an unknown name: the nearest known ones.
    pub fn suggest(&self, name: &str) -> Option<String> {
        did_you_mean(name, self.known.keys().map(String::as_str))
    }
}

/// Writes and restores the types in use, by name or by amounts; their prices and limits are the scenario's.
impl Persist for TypeTable {
    fn save(&self, out: &mut Writer<'_>) {
        let TypeTable { known: _, rates: _, used, id_of_name: _, id_of_shape: _ } = self;
        out.put_length(used.len());
        for (id, kind) in self.iter() {
            out.put(&(self.name_of(id), kind.bare_shape()));
        }
    }

    fn restore(&mut self, from: &mut checkpoint::Reader<'_>) -> Result<(), RestoreError> {
        for number in 0..from.get_length()? {
            let (name, shape): (Option<String>, BareShape) = from.get()?;
            let id = match &name {
                Some(name) => {
                    self.named(name).ok_or_else(|| gone(name, "is no type of the scenario any more"))?
                }
                None => self.shape(shape.clone()),
            };
            if id.index() != number {
                return Err(RestoreError::Corrupt);
            }
            if let Some(name) = name.filter(|_| self.get(id).bare_shape() != shape) {
                return Err(gone(&name, "takes something else of its host now").into());
            }
        }
        Ok(())
    }
}

fn gone(name: &str, how: &str) -> Problem {
    let problem = Problem::new(Place::key("instance_types"), format!("`{name}` {how}"));
    problem.with_help("instances of it are running: leave it as it was")
}

/// `[billing.shape]` as exact money.
#[derive(Clone, Copy, Debug)]
struct Rates {
    /// Price of a second of a thousandth of a vCPU.
    vcpu_milli: i128,
    /// Price of a second of a MiB.
    memory_mib: i128,
    /// Price of a second of a thousandth of a GPU.
    gpu_milli: i128,
}

impl Rates {
    fn read(price: &ShapePrice, problems: &mut Vec<Problem>) -> Rates {
        let mut reader = Reader { path: "billing.shape".to_string(), problems };
        let mut rate = |key: &str, value: &Decimal, parts: i128| {
            let money = reader.money(key, value, MAX_SHAPE_USD_PER_HOUR).unwrap_or(Money::ZERO);
            // `Money` is made so that this is whole.
            assert!(money.0 % parts == 0, "a price that is no whole number of units: {money:?}");
            money.0 / parts
        };
        Rates {
            vcpu_milli: rate("usd_per_vcpu_hour", &price.usd_per_vcpu_hour, 1000),
            memory_mib: rate("usd_per_gib_hour", &price.usd_per_gib_hour, 1024),
            gpu_milli: rate("usd_per_gpu_hour", &price.usd_per_gpu_hour, 1000),
        }
    }

    /// Returns the price of a second of a shape. Local storage and bandwidth come with it, as in EC2's types.
    fn of(&self, request: &Resources) -> Money {
        Money(
            i128::from(request.vcpu_milli()) * self.vcpu_milli
                + i128::from(request.memory_mib()) * self.memory_mib
                + i128::from(request.0[Resources::GPU]) * self.gpu_milli,
        )
    }

    /// Returns a type of the catalogue, at its own price or else its shape's.
    fn price(&self, entry: &CatalogueEntry) -> InstanceType {
        let request = entry.request();
        let own = entry.on_demand_usd_per_hour.as_ref();
        let own = own.map(|price| price.usd_per_hour().expect("the catalogue's prices are tested"));
        let limits = InterfaceLimits { interfaces: entry.max_enis, addresses_each: entry.ipv4_per_eni };
        InstanceType {
            interfaces: Some(limits),
            volume_attachments: Some(entry.ebs_max_attachments),
            ..self.instance_type(entry.name.clone(), request, own)
        }
    }

    /// Returns a type or bare shape without limits.
    fn instance_type(&self, name: String, request: Resources, own: Option<Money>) -> InstanceType {
        let price_per_second = own.unwrap_or_else(|| self.of(&request));
        let priced_by_shape = own.is_none();
        InstanceType {
            name,
            request,
            numa: None,
            gpu_models: Vec::new(),
            price_per_second,
            priced_by_shape,
            interfaces: None,
            volume_attachments: None,
        }
    }
}

/// Reader of the values of one table of the scenario, which collects their problems.
struct Reader<'a> {
    path: String,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    /// Returns the type a configuration makes of `base`, the catalogue's of the same name; `None` when it is wrong.
    fn instance_type(
        &mut self,
        config: &InstanceTypeConfig,
        base: Option<&InstanceType>,
        rates: &Rates,
    ) -> Option<InstanceType> {
        let before = self.problems.len();
        if config.name.is_empty() {
            self.problem("name", "found an empty name".to_string(), "name the type, such as \"unit\"");
        }
        let mut request = base.map_or(Resources::ZERO, |base| base.request);
        let values =
            [&config.vcpu, &config.memory_gib, &config.gpu, &config.local_storage_gib, &config.network_gbps];
        for (resource, (Quantity { key, units_per_one, .. }, value)) in
            QUANTITIES.into_iter().zip(values).enumerate()
        {
            match value {
                Some(value) => request.0[resource] = self.resource(key, value, units_per_one),
                None if base.is_none() && resource <= Resources::MEMORY => {
                    let message = format!("`{}` is a new type and has no `{key}`", config.name);
                    self.problem(key, message, "say how much it has, or use a name of `plimsoll list types`");
                }
                None => {}
            }
        }
        let own = match &config.on_demand_usd_per_hour {
            Some(price) => self.money("on_demand_usd_per_hour", price, MAX_USD_PER_HOUR),
            None => base.filter(|base| !base.priced_by_shape).map(|base| base.price_per_second),
        };
        let numa = config.numa.and_then(|number| self.numa(number)).or(base.and_then(|base| base.numa));
        let interfaces = self.interface_limits(config, base.and_then(|base| base.interfaces));
        if self.problems.len() > before {
            return None;
        }
        if request == Resources::ZERO {
            let message = format!("`{}` asks for nothing of a host", config.name);
            self.problem("vcpu", message, "give it some vCPU or memory");
            return None;
        }
        let volume_attachments = config.max_attachments.or(base.and_then(|base| base.volume_attachments));
        let made = rates.instance_type(config.name.clone(), request, own);
        let gpu_models = distinct_models(config.gpu_models.clone());
        Some(InstanceType { numa, gpu_models, interfaces, volume_attachments, ..made })
    }

    /// Reads a number of NUMA nodes; `None` after a problem is noted.
    fn numa(&mut self, number: u32) -> Option<NumaNodes> {
        let nodes = NumaNodes::of_number(number);
        if nodes.is_none() {
            let help = "an instance takes one node, or half of it from each of two";
            self.problem("numa", format!("found {number}, expected 1 or 2"), help);
        }
        nodes
    }

    /// Returns what a configuration leaves and makes of the limits of `base`.
    fn interface_limits(
        &mut self,
        config: &InstanceTypeConfig,
        base: Option<InterfaceLimits>,
    ) -> Option<InterfaceLimits> {
        let keys = ["max_interfaces", "addresses_per_interface"];
        let given = [config.max_interfaces, config.addresses_per_interface];
        for (key, value) in keys.into_iter().zip(given) {
            if value == Some(0) {
                self.problem(key, "found 0, expected at least 1".to_string(), "every instance has the first");
            }
        }
        let limits = [
            given[0].or(base.map(|base| base.interfaces)),
            given[1].or(base.map(|base| base.addresses_each)),
        ];
        if let Some(missing) = limits.iter().position(Option::is_none).filter(|_| limits != [None; 2]) {
            let message = format!("`{}` has `{}` and no `{}`", config.name, keys[1 - missing], keys[missing]);
            self.problem(keys[missing], message, "give both, or leave out both for no limit");
        }
        let [Some(interfaces), Some(addresses_each)] = limits else { return None };
        Some(InterfaceLimits { interfaces, addresses_each })
    }

    /// Reads a resource in its small unit; 0 after a problem is noted.
    fn resource(&mut self, key: &str, value: &Decimal, units_per_one: u64) -> u32 {
        value.resource(units_per_one).unwrap_or_else(|reason| {
            let help = match reason {
                Unreadable::TooFine => format!("give a multiple of 1/{units_per_one}"),
                _ => format!("give 0 to {}", (u32::MAX - 1) / units_per_one as u32),
            };
            self.problem(key, format!("found {}, which {reason}", value.as_str()), &help);
            0
        })
    }

    /// Reads a price \[USD/h\] as money per second; `None` after a problem is noted.
    fn money(&mut self, key: &str, value: &Decimal, max_usd: i128) -> Option<Money> {
        let cap = Money(max_usd * Money::UNITS_PER_USD / 3600);
        let reason = match value.usd_per_hour() {
            Ok(money) if money <= cap => return Some(money),
            Ok(_) => Unreadable::TooLarge,
            Err(reason) => reason,
        };
        let help = match reason {
            Unreadable::TooFine => "give at most twelve decimals".to_string(),
            _ => format!("give 0 to {max_usd} USD per hour"),
        };
        self.problem(key, format!("found {}, which {reason}", value.as_str()), &help);
        None
    }

    fn problem(&mut self, key: &str, message: String, help: &str) {
        let place = Place::key(&format!("{}.{key}", self.path));
        self.problems.push(Problem::new(place, message).with_help(help));
    }
}

/// Returns the name of a bare shape: `2vcpu-3.5gib`, and what it has besides.
fn shape_name(shape: &BareShape) -> String {
    let [vcpu, memory, gpu, storage, network] = shape.request.0;
    let mut name = format!("{}vcpu-{}gib", parts(vcpu, 1000), parts(memory, 1024));
    if gpu > 0 {
        name.push_str(&format!("-{}gpu", parts(gpu, 1000)));
    }
    if storage > 0 {
        name.push_str(&format!("-{}gib-disk", parts(storage, 1024)));
    }
    if network > 0 {
        name.push_str(&format!("-{network}mbps"));
    }
    name.push_str(match shape.numa {
        None | Some(NumaNodes::Fewest) => "",
        Some(NumaNodes::One) => "-1node",
        Some(NumaNodes::Two) => "-2nodes",
    });
    if !shape.gpu_models.is_empty() {
        name.push_str(&format!("-{}", shape.gpu_models.join("|")));
    }
    name
}

/// Returns models of GPU as they are compared: in order, each once.
pub fn distinct_models(mut models: Vec<String>) -> Vec<String> {
    models.sort_unstable();
    models.dedup();
    models
}

/// Writes `value ÷ units_per_one` (1000 or 1024) as an exact decimal.
fn parts(value: u32, units_per_one: u32) -> String {
    let (whole, rest) = (value / units_per_one, value % units_per_one);
    // 1/1024 has ten decimals, and so no multiple of it more.
    let decimals = u64::from(rest) * 10_000_000_000 / u64::from(units_per_one);
    let text = format!("{whole}.{decimals:010}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests;
