//! The names that a demand may use, with their meaning: types, accounts, zones, subnets by id, all others by handle.

use super::handles::HandleBook;
use super::names::Names;
use plimsoll_base::catalogue::TypeTable;
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, SubnetId, TypeId, ZoneId};

/// Account that calls when a demand names none.
pub const DEFAULT_ACCOUNT: &str = "default";

/// The names of one run. Types and accounts are numbered in the order of first use, zones and subnets as
/// the scenario lists them.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The types and bare shapes.
    pub types: TypeTable,
    /// The names of everything else.
    pub handles: HandleBook,
    accounts: Names,
    zones: Names,
    subnets: Names,
    subnet_zones: Vec<ZoneId>,
    /// True if a zone or subnet not met before is taken in, for work on a trace without a scenario.
    takes_in: bool,
}

persist! { Directory {
    values: [handles, accounts],
    nested: [types],
    derived: [zones, subnets, subnet_zones, takes_in],
} }

/// The name of a subnet and the zone it lies in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubnetName {
    /// The name.
    pub name: String,
    /// The zone.
    pub zone: ZoneId,
}

impl Directory {
    /// Returns true if an account, a type and a zone are known.
    pub fn has(&self, account: AccountId, kind: Option<TypeId>, zone: Option<ZoneId>) -> bool {
        account.index() < self.accounts().len()
            && kind.is_none_or(|kind| kind.index() < self.types.len())
            && zone.is_none_or(|zone| zone.index() < self.zones().len())
    }

    /// Returns the names of a scenario. Zones and subnets must have names of their own.
    pub fn new(types: TypeTable, zones: Vec<String>, subnets: Vec<SubnetName>) -> Directory {
        let mut directory = Directory::without_scenario(types);
        directory.takes_in = false;
        for zone in &zones {
            directory.zones.number(zone);
        }
        for subnet in &subnets {
            directory.subnets.number(&subnet.name);
        }
        assert_eq!(directory.zones.list().len(), zones.len(), "a zone's name twice");
        assert_eq!(directory.subnets.list().len(), subnets.len(), "a subnet's name twice");
        directory.subnet_zones = subnets.iter().map(|subnet| subnet.zone).collect();
        directory
    }

    /// Returns a directory for work on a trace alone: its zones and subnets are taken as they come.
    pub fn without_scenario(types: TypeTable) -> Directory {
        Directory {
            types,
            handles: HandleBook::default(),
            accounts: Names::default(),
            zones: Names::default(),
            subnets: Names::default(),
            subnet_zones: Vec::new(),
            takes_in: true,
        }
    }

    /// Returns the id of an account, a new one on first use.
    pub fn account(&mut self, name: &str) -> AccountId {
        AccountId(self.accounts.number(name))
    }

    /// Returns the accounts of a synthetic source of this name: `NAME-0`, `NAME-1` …; a single one is `default`.
    pub fn synthetic_accounts(&mut self, name: &str, number: u32) -> Vec<AccountId> {
        match number {
            1 => vec![self.account(DEFAULT_ACCOUNT)],
            _ => (0..number).map(|k| self.account(&format!("{name}-{k}"))).collect(),
        }
    }

    /// Returns the names of all accounts so far, by id.
    pub fn accounts(&self) -> &[String] {
        self.accounts.list()
    }

    /// Returns the names of all zones, by id.
    pub fn zones(&self) -> &[String] {
        self.zones.list()
    }

    /// Returns the names of all subnets, by id.
    pub fn subnets(&self) -> &[String] {
        self.subnets.list()
    }

    /// Returns the zone of a subnet; `None` without a scenario.
    pub fn zone_of(&self, subnet: SubnetId) -> Option<ZoneId> {
        self.subnet_zones.get(subnet.index()).copied()
    }

    /// Returns the zone of a name found at `place`.
    pub fn zone(&mut self, name: &str, place: impl FnOnce() -> Place) -> Result<ZoneId, Problem> {
        if self.takes_in && self.zones.find(name).is_none() && self.zones.list().len() > usize::from(u16::MAX)
        {
            return Err(Problem::new(place(), format!("found `{name}`, expected at most 65,536 zones")));
        }
        let number = find(&mut self.zones, self.takes_in, name, "zone", place)?;
        Ok(ZoneId(number.try_into().expect("zones are counted before they are taken in")))
    }

    /// Returns the subnet of a name found at `place`.
    pub fn subnet(&mut self, name: &str, place: impl FnOnce() -> Place) -> Result<SubnetId, Problem> {
        find(&mut self.subnets, self.takes_in, name, "subnet", place).map(SubnetId)
    }

    /// Returns the instance type of a name found at `place`.
    pub fn named_type(&mut self, name: &str, place: impl FnOnce() -> Place) -> Result<TypeId, Problem> {
        self.types.named(name).ok_or_else(|| {
            let problem = Problem::new(place(), format!("found `{name}`, expected an instance type"));
            let way_out = "`plimsoll list types` shows all; [[instance_types]] adds to them";
            problem.with_help(match self.types.suggest(name) {
                Some(near) => format!("{near} {way_out}"),
                None => way_out.to_string(),
            })
        })
    }
}

fn find(
    names: &mut Names,
    takes_in: bool,
    name: &str,
    what: &str,
    place: impl FnOnce() -> Place,
) -> Result<u32, Problem> {
    if let Some(number) = names.find(name) {
        return Ok(number);
    }
    if takes_in {
        return Ok(names.number(name));
    }
    let problem = Problem::new(place(), format!("found `{name}`, expected a {what} of the scenario"));
    Err(match did_you_mean(name, names.list().iter().map(String::as_str)) {
        Some(help) => problem.with_help(help),
        None if names.list().is_empty() => problem.with_help(format!("the scenario has no {what}s")),
        None => problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let subnet = SubnetName { name: "web".to_string(), zone: ZoneId(1) };
        let types = TypeTable::new(&[], &Default::default()).unwrap();
        Directory::new(types, vec!["use1-az1".to_string(), "use1-az2".to_string()], vec![subnet])
    }

    #[test]
    fn names_keep_their_numbers() {
        let mut directory = directory();
        assert_eq!(directory.account("b"), AccountId(0));
        assert_eq!(directory.account("a"), AccountId(1));
        assert_eq!(directory.account("b"), AccountId(0));
        assert_eq!(directory.zone("use1-az2", Place::default), Ok(ZoneId(1)));
        assert_eq!(directory.subnet("web", Place::default), Ok(SubnetId(0)));
        assert_eq!(directory.zone_of(SubnetId(0)), Some(ZoneId(1)));
    }

    #[test]
    fn an_unknown_name_is_told_its_neighbours() {
        let mut directory = directory();
        let problem = directory.zone("use1-az3", Place::default).unwrap_err().to_string();
        assert!(problem.contains("expected a zone") && problem.contains("`use1-az1`"), "{problem}");
        let problem = directory.named_type("m5.lrge", Place::default).unwrap_err().to_string();
        assert!(problem.contains("`m5.large`"), "{problem}");
        let problem = directory.subnet("wbe", Place::default).unwrap_err().to_string();
        assert!(problem.contains("`web`"), "{problem}");
    }
}
