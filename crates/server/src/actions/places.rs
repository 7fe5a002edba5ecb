//! Places: regions, zones, VPCs and subnets of the scenario.

use super::{ActionEntry, XmlStep};
use crate::api_error::ApiError;
use crate::filters::DescribeFilters;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 5] = [
    ActionEntry {
        name: "DescribeRegions",
        honoured: &["RegionName.N"],
        without_effect: &["AllRegions"],
        begin: regions,
    },
    ActionEntry {
        name: "DescribeAvailabilityZones",
        honoured: &["ZoneName.N", "Filter.N.Name", "Filter.N.Value.N"],
        without_effect: &["AllAvailabilityZones"],
        begin: zones,
    },
    ActionEntry {
        name: "DescribeVpcs",
        honoured: &["VpcId.N", "Filter.N.Name", "Filter.N.Value.N"],
        without_effect: &[],
        begin: vpcs,
    },
    ActionEntry {
        name: "DescribeSubnets",
        honoured: &["SubnetId.N", "Filter.N.Name", "Filter.N.Value.N"],
        without_effect: &[],
        begin: subnets,
    },
    ActionEntry {
        name: "DescribeAccountAttributes",
        honoured: &["AttributeName.N"],
        without_effect: &[],
        begin: account_attributes,
    },
];

fn regions(model: &mut CloudModel<'_>, _: Caller, params: &Params) -> XmlStep {
    let region = &model.region;
    if let Some(other) = params.list("RegionName").iter().find(|name| **name != region.as_str()) {
        return Err(ApiError::invalid("RegionName", other, region));
    }
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("regionInfo", [region], |xml, region| {
            xml.text("regionName", region);
            xml.text("regionEndpoint", format!("ec2.{region}.amazonaws.com"));
            xml.text("optInStatus", "opt-in-not-required");
        });
    })))
}

fn zones(model: &mut CloudModel<'_>, _: Caller, params: &Params) -> XmlStep {
    let filters =
        DescribeFilters::read(params, &["zone-name", "zone-id", "region-name", "state", "zone-type"])?;
    let named = params.list("ZoneName");
    for name in &named {
        model.zone(name)?;
    }
    let is_meant = |zone: &&String| {
        let values = |filter: &str| match filter {
            "region-name" => model.region.clone(),
            "state" => "available".to_string(),
            "zone-type" => "availability-zone".to_string(),
            _ => (*zone).clone(),
        };
        (named.is_empty() || named.contains(&zone.as_str())) && filters.keep(|filter| vec![values(filter)])
    };
    let zones = model.session.directory().zones().iter().filter(is_meant);
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("availabilityZoneInfo", zones, |xml, zone| {
            xml.text("zoneName", zone);
            xml.text("zoneId", zone);
            xml.text("zoneState", "available");
            xml.text("zoneType", "availability-zone");
            xml.text("regionName", &model.region);
            xml.text("groupName", &model.region);
            xml.text("networkBorderGroup", &model.region);
            xml.text("optInStatus", "opt-in-not-required");
            xml.list("messageSet", [(); 0], |_, ()| {});
        });
    })))
}

/// Address block of a VPC where the scenario has no subnets, EC2's for a default one.
const DEFAULT_BLOCK: &str = "172.31.0.0/16";

fn vpcs(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let filters = DescribeFilters::read(params, &["vpc-id", "is-default", "isDefault", "state", "owner-id"])?;
    let all: Vec<(String, bool)> = (model.session.network().vpcs(caller.account))
        .map(|(name, number)| (model.vpc_id(number), name == "default"))
        .collect();
    let named = params.list("VpcId");
    if let Some(unknown) = named.iter().find(|name| !all.iter().any(|(id, _)| id == **name)) {
        let message = format!("The vpc ID '{unknown}' does not exist");
        return Err(ApiError::client("InvalidVpcID.NotFound", message));
    }
    let owner = model.owner_id(caller.account);
    let is_meant = |(id, is_default): &&(String, bool)| {
        let value = |filter: &str| match filter {
            "vpc-id" => id.clone(),
            "state" => "available".to_string(),
            "owner-id" => owner.clone(),
            _ => is_default.to_string(),
        };
        (named.is_empty() || named.contains(&id.as_str())) && filters.keep(|filter| vec![value(filter)])
    };
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("vpcSet", all.iter().filter(is_meant), |xml, (id, is_default)| {
            xml.text("vpcId", id);
            xml.text("ownerId", &owner);
            xml.text("state", "available");
            xml.text("cidrBlock", DEFAULT_BLOCK);
            xml.text("instanceTenancy", "default");
            xml.text("isDefault", is_default);
        });
    })))
}

fn subnets(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let known =
        ["subnet-id", "vpc-id", "availability-zone", "availabilityZone", "state", "owner-id", "cidr-block"];
    let filters = DescribeFilters::read(params, &known)?;
    let named =
        params.list("SubnetId").into_iter().map(|id| model.subnet(id)).collect::<Result<Vec<_>, _>>()?;
    let owner = model.owner_id(caller.account);
    let network = model.session.network();
    let all = network.subnets().iter().zip((0..).map(plimsoll_base::units::SubnetId));
    let is_meant = |(subnet, id): &(&plimsoll_model::network::Subnet, plimsoll_base::units::SubnetId)| {
        let value = |filter: &str| match filter {
            "subnet-id" => model.subnet_id(*id),
            "vpc-id" => model.vpc_id(subnet.vpc(caller.account)),
            "state" => "available".to_string(),
            "owner-id" => owner.clone(),
            "cidr-block" => subnet.net.to_string(),
            _ => model.zone_name(subnet.zone).to_string(),
        };
        (named.is_empty() || named.contains(id)) && filters.keep(|filter| vec![value(filter)])
    };
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("subnetSet", all.filter(is_meant), |xml, (subnet, id)| {
            xml.text("subnetId", model.subnet_id(id));
            xml.text("state", "available");
            xml.text("vpcId", model.vpc_id(subnet.vpc(caller.account)));
            xml.text("cidrBlock", subnet.net);
            xml.text("availableIpAddressCount", network.free_addresses(id, caller.account));
            xml.text("availabilityZone", model.zone_name(subnet.zone));
            xml.text("availabilityZoneId", model.zone_name(subnet.zone));
            xml.text("mapPublicIpOnLaunch", subnet.assign_public_address);
            xml.text("ownerId", &owner);
            xml.list("tagSet", [(); 0], |_, ()| {});
        });
    })))
}

/// Attributes of an account that the model has (`DescribeAccountAttributes`, botocore 1.44.8).
const ATTRIBUTES: [&str; 2] = ["supported-platforms", "default-vpc"];

fn account_attributes(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let named = params.list("AttributeName");
    if let Some(unknown) = named.iter().find(|name| !ATTRIBUTES.contains(name)) {
        return Err(ApiError::invalid(
            "AttributeName",
            unknown,
            &format!("one of {}", ATTRIBUTES.join(", ")),
        ));
    }
    let mut vpcs = model.session.network().vpcs(caller.account);
    let default = vpcs.find(|(name, _)| *name == "default").map(|(_, number)| model.vpc_id(number));
    let shown = ATTRIBUTES.into_iter().filter(|name| named.is_empty() || named.contains(name));
    Ok(ActionStep::Done(Xml::fragment(|xml| {
        xml.list("accountAttributeSet", shown, |xml, name| {
            let value = match name {
                "supported-platforms" => "VPC",
                _ => default.as_deref().unwrap_or("none"),
            };
            xml.text("attributeName", name);
            xml.list("attributeValueSet", [value], |xml, value| xml.text("attributeValue", value));
        });
    })))
}
