//! `DescribeInstanceTypes` and `DescribeInstanceTypeOfferings`: the catalogue, with the types of the scenario.

use plimsoll_base::catalogue::{self, InstanceType};

use super::{ActionEntry, XmlStep};
use crate::api_error::ApiError;
use crate::filters::{DescribeFilters, PageRequest};
use crate::ids::IdKind;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::xml::Xml;
use plimsoll_base::units::ZoneId;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 2] = [
    ActionEntry {
        name: "DescribeInstanceTypes",
        honoured: &["InstanceType.N", "Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"],
        without_effect: &[],
        begin: types,
    },
    ActionEntry {
        name: "DescribeInstanceTypeOfferings",
        honoured: &["LocationType", "Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"],
        without_effect: &[],
        begin: offerings,
    },
];

fn types(model: &mut CloudModel<'_>, _: Caller, params: &Params) -> XmlStep {
    let named = params.list("InstanceType");
    let known = &model.session.directory().types;
    let filters = DescribeFilters::read(params, &["instance-type", "current-generation", "bare-metal"])?;
    let page = PageRequest::read(params, (5, 100), |token| model.ids.read(IdKind::Page, token))?;
    let unknown = named.iter().find(|name| !known.known().any(|kind| kind.name == **name));
    if let Some(unknown) = unknown {
        let message = format!("The following supplied instance types do not exist: [{unknown}]");
        return Err(ApiError::client("InvalidInstanceType", message));
    }
    let is_meant = |(kind, _): &(&InstanceType, u64)| {
        let is_named = named.is_empty() || named.contains(&kind.name.as_str());
        is_named && filters.keep(|name| vec![filter_value(kind, name)])
    };
    let (shown, next) = page.cut(known.known().zip(0..).filter(is_meant), |(_, number)| *number);
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("instanceTypeSet", shown, |xml, (kind, _)| instance_type(xml, kind));
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}

fn filter_value(kind: &InstanceType, filter: &str) -> String {
    let entry = catalogue::find(&kind.name);
    match filter {
        "instance-type" => kind.name.clone(),
        "current-generation" => entry.is_none_or(|entry| entry.current_generation).to_string(),
        _ => entry.is_some_and(|entry| entry.bare_metal).to_string(),
    }
}

/// Writes the elements of a type.
fn instance_type(xml: &mut Xml, kind: &InstanceType) {
    let entry = catalogue::find(&kind.name);
    let architectures = entry.map_or("x86_64", |entry| entry.arch.as_str());
    xml.text("instanceType", &kind.name);
    xml.text("currentGeneration", entry.is_none_or(|entry| entry.current_generation));
    xml.list("supportedUsageClasses", usage_classes(entry.is_some_and(|entry| entry.spot)), |xml, class| {
        // An item of a list of strings is its text.
        xml.value(class);
    });
    xml.text("bareMetal", entry.is_some_and(|entry| entry.bare_metal));
    xml.inside("processorInfo", |xml| {
        xml.list("supportedArchitectures", architectures.split('|'), |xml, arch| xml.value(arch));
    });
    xml.inside("vCpuInfo", |xml| {
        xml.text("defaultVCpus", kind.request.vcpu_milli().div_ceil(1000));
    });
    xml.inside("memoryInfo", |xml| xml.text("sizeInMiB", kind.request.memory_mib()));
    xml.text("burstablePerformanceSupported", entry.is_some_and(|entry| entry.burstable));
    if let Some(limits) = kind.interfaces {
        xml.inside("networkInfo", |xml| {
            xml.text("maximumNetworkInterfaces", limits.interfaces);
            xml.text("ipv4AddressesPerInterface", limits.addresses_each);
        });
    }
}

fn usage_classes(spot: bool) -> &'static [&'static str] {
    if spot { &["on-demand", "spot"] } else { &["on-demand"] }
}

fn offerings(model: &mut CloudModel<'_>, _: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, &["instance-type", "location"])?;
    let page = PageRequest::read(params, (5, 1000), |token| model.ids.read(IdKind::Page, token))?;
    let zones = model.session.directory().zones();
    let location_type = params.get("LocationType").unwrap_or("region");
    let by_zone = match location_type {
        "region" => false,
        "availability-zone" => true,
        other => return Err(ApiError::invalid("LocationType", other, "region or availability-zone")),
    };
    let offered_in = |name: &str| -> Vec<String> {
        let zones = zones.iter().enumerate();
        let offering = zones.filter(|(number, _)| model.session.offers(name, ZoneId(*number as u16)));
        let offering: Vec<String> = offering.map(|(_, zone)| zone.clone()).collect();
        match by_zone {
            true => offering,
            false => (!offering.is_empty()).then(|| model.region.clone()).into_iter().collect(),
        }
    };
    let known = model.session.directory().types.known();
    let offers =
        known.flat_map(|kind| offered_in(&kind.name).into_iter().map(|place| (kind.name.clone(), place)));
    let meets = |(name, place): &(String, String)| {
        filters.keep(|filter| vec![if filter == "location" { place.clone() } else { name.clone() }])
    };
    let (shown, next) = page.cut(offers.filter(meets).zip(0..), |(_, number)| *number);
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("instanceTypeOfferingSet", shown, |xml, ((name, place), _)| {
            xml.text("instanceType", name);
            xml.text("locationType", location_type);
            xml.text("location", place);
        });
        xml.maybe("nextToken", next.map(|next| model.ids.show(IdKind::Page, next)));
    })))
}
