//! Options of the requests of synthetic demand beyond type and place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::ArrivalConfig;
use crate::workload::call::{LaunchOptions, LaunchTenancy, Spot, Tag};
use crate::workload::directory::Directory;
use crate::workload::settings::Settings;
use plimsoll_base::units::parse_scaled;

/// The most placement groups of one process: their options are held in memory.
const MAX_GROUPS: u32 = 100_000;

/// Small units of a price per hour in a dollar: [`Spot`] counts 10⁻¹² USD.
const PICO: u128 = 1_000_000_000_000;

/// Purchase option of instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purchase {
    /// On demand: at the list price, or covered by reservations.
    #[default]
    OnDemand,
    /// On the spot market: cheaper, and taken back when the room is needed.
    Spot,
}

impl Purchase {
    pub(super) fn is_on_demand(&self) -> bool {
        *self == Purchase::OnDemand
    }
}

impl ArrivalConfig {
    /// Returns the options of a request, one set for each placement group it may be drawn into; none where requests
    /// ask for nothing special.
    pub(super) fn options(
        &self,
        settings: &mut Settings,
        directory: &mut Directory,
    ) -> Vec<Arc<LaunchOptions>> {
        self.check_names(settings);
        let names = &mut directory.handles;
        let options = LaunchOptions {
            image: self.image.as_ref().map(|name| names.image(name)),
            volumes: self.volumes.clone(),
            security_groups: self.security_groups.iter().map(|name| names.security_group(name)).collect(),
            group: None,
            partition: self.partition(settings),
            tenancy: self.tenancy(settings),
            host: self.host.as_ref().map(|name| names.host(name)),
            affinity: None,
            reservation: self.reservation.as_ref().map(|name| names.reservation(name)),
            preference: self.reservation_preference,
            spot: self.spot(settings),
            interfaces: self.interfaces,
            addresses: self.addresses,
            prefixes: self.prefixes,
            tags: self
                .tags
                .iter()
                .map(|(key, value)| Tag { key: key.clone(), value: value.clone() })
                .collect(),
            token: None,
            user_data_bytes: self.user_data_bytes,
            protected: self.protection,
            hibernation: self.hibernation,
        };
        let groups = self.group_names(settings);
        if groups.is_empty() && options == LaunchOptions::default() {
            return Vec::new();
        }
        if groups.is_empty() {
            return vec![Arc::new(options)];
        }
        let of_group = |name: &String| {
            Arc::new(LaunchOptions { group: Some(names.placement_group(name)), ..options.clone() })
        };
        groups.iter().map(of_group).collect()
    }

    fn group_names(&self, settings: &mut Settings) -> Vec<String> {
        match (&self.group, self.groups) {
            (None, None) => Vec::new(),
            (Some(group), None) => vec![group.clone()],
            (_, Some(groups)) if !(1..=MAX_GROUPS).contains(&groups) => {
                settings.wrong("groups", groups, "1 to 100,000");
                Vec::new()
            }
            (None, Some(groups)) => {
                settings.wrong("groups", groups, "`group` with it, the beginning of their names");
                Vec::new()
            }
            (Some(group), Some(groups)) => (0..groups).map(|k| format!("{group}-{k}")).collect(),
        }
    }

    /// Returns the partition, counted from 0.
    fn partition(&self, settings: &mut Settings) -> Option<u16> {
        let partition = self.partition?;
        if partition == 0 {
            settings.wrong("partition", partition, "1 or more");
        }
        if self.group.is_none() {
            settings.wrong("partition", partition, "`group` with it");
        }
        partition.checked_sub(1)
    }

    /// Returns the tenancy; a launch that names a dedicated host need not give it.
    fn tenancy(&self, settings: &mut Settings) -> LaunchTenancy {
        match (self.tenancy, &self.host) {
            (None, Some(_)) => LaunchTenancy::Host,
            (Some(tenancy), Some(_)) if tenancy != LaunchTenancy::Host => {
                let found = format!("\"{}\" with a `host`", tenancy.name());
                settings.wrong("tenancy", found, "\"host\" or nothing");
                tenancy
            }
            (tenancy, _) => tenancy.unwrap_or_default(),
        }
    }

    fn spot(&self, settings: &mut Settings) -> Option<Spot> {
        let price = self.max_usd_per_hour.as_ref();
        let max_pico_usd_per_hour = price.and_then(|price| {
            let pico = parse_scaled(price.as_str(), PICO).ok().and_then(|pico| u64::try_from(pico).ok());
            if pico.is_none() {
                let expected = "dollars, 0 or more, with at most twelve decimals";
                settings.wrong("max_usd_per_hour", price.as_str(), expected);
            }
            pico
        });
        match (self.purchase, price) {
            (Purchase::Spot, _) => {
                let interruption = self.interruption;
                Some(Spot { interruption, max_pico_usd_per_hour, ..Spot::default() })
            }
            (Purchase::OnDemand, _) if self.interruption.is_some() => {
                settings.wrong("interruption", "a behaviour", "`purchase = \"spot\"` with it");
                None
            }
            (Purchase::OnDemand, Some(price)) => {
                settings.wrong("max_usd_per_hour", price.as_str(), "`purchase = \"spot\"` with it");
                None
            }
            (Purchase::OnDemand, None) => None,
        }
    }

    /// Checks that a trace can express the names and tags.
    fn check_names(&self, settings: &mut Settings) {
        let names = [
            ("image", &self.image),
            ("group", &self.group),
            ("host", &self.host),
            ("reservation", &self.reservation),
        ];
        let names = names.into_iter().flat_map(|(field, name)| name.iter().map(move |name| (field, name)));
        let groups = self.security_groups.iter().map(|name| ("security_groups", name));
        let keys = self.tags.keys().map(|key| ("tags", key));
        let devices = self.volumes.iter().map(|volume| ("volumes", &volume.device));
        for (field, name) in names.chain(groups).chain(keys).chain(devices) {
            let taken = if field == "volumes" {
                "|:"
            } else if field == "tags" {
                "|="
            } else {
                "|"
            };
            if name.is_empty() || name.contains(|c| taken.contains(c)) {
                settings.wrong(field, format!("`{name}`"), "a name, not empty and without `|`");
            }
        }
        for value in self.tags.values().filter(|value| value.contains('|')) {
            settings.wrong("tags", format!("`{value}`"), "a value without `|`");
        }
    }
}
