//! Bodies of requests and answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Request for instances.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LaunchBody {
    /// Image, by id, or by its name in the scenario.
    pub image_id: String,
    /// Instance type.
    pub instance_type: String,
    /// Name of a key pair, which is shown again.
    pub key_name: Option<String>,
    /// Security groups.
    #[serde(default)]
    pub security_group_ids: Vec<String>,
    /// Subnet; it decides the zone.
    pub subnet_id: Option<String>,
    /// User data, which nothing runs.
    pub user_data: Option<String>,
    /// Fewer than this: none is launched; default 1.
    pub min_count: Option<u32>,
    /// As many as fit, up to this; default the least number.
    pub max_count: Option<u32>,
}

/// Instance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstanceBody {
    /// Id.
    pub instance_id: String,
    /// Account.
    pub account_id: String,
    /// Image.
    pub image_id: String,
    /// Instance type.
    pub instance_type: String,
    /// State.
    pub state: String,
    /// Zone.
    pub availability_zone: String,
    /// Subnet.
    pub subnet_id: Option<String>,
    /// VPC.
    pub vpc_id: Option<String>,
    /// Private address.
    pub private_ip_address: Option<String>,
    /// Public address.
    pub public_ip_address: Option<String>,
    /// Name of the key pair.
    pub key_name: Option<String>,
    /// Time of the launch.
    pub launch_time: String,
    /// Security groups.
    pub security_group_ids: Vec<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// Instances that a launch brought.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LaunchedBody {
    /// The instances.
    pub instances: Vec<InstanceBody>,
}

/// Page of instances.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InstancesBody {
    /// The instances.
    pub instances: Vec<InstanceBody>,
    /// Place of the page.
    pub pagination: Pagination,
}

/// Place of a page.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// Number of the page, from 1.
    pub page: u64,
    /// Instances a page.
    pub page_size: u64,
    /// Instances in all.
    pub total: u64,
    /// Pages in all.
    pub total_pages: u64,
}

/// Change of the state of an instance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateChangeBody {
    /// The instance.
    pub instance_id: String,
    /// State before the call.
    pub previous_state: String,
    /// State after it.
    pub current_state: String,
}

/// Changes that a request asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModificationsBody {
    /// Instance type; only while stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// Security groups of the first interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group_ids: Option<Vec<String>>,
}

/// Instance that was modified.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModifiedBody {
    /// The instance.
    pub instance_id: String,
    /// Changes that were made.
    pub modifications: ModificationsBody,
}

/// Request for a volume.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateVolumeBody {
    /// Zone.
    pub availability_zone: String,
    /// Volume type.
    pub volume_type: String,
    /// Size \[GiB\].
    pub size: u32,
    /// True to encrypt it, which has no effect here.
    #[serde(default, rename = "encrypted")]
    pub _encrypted: Option<bool>,
    /// Key, which has no effect here.
    #[serde(default, rename = "kmsKeyId")]
    pub _kms_key_id: Option<String>,
}

/// Volume.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VolumeBody {
    /// Id.
    pub volume_id: String,
    /// State.
    pub state: String,
    /// Size \[GiB\].
    pub size: u32,
    /// Volume type.
    pub volume_type: String,
}

/// Request to attach a volume.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttachBody {
    /// Instance.
    pub instance_id: String,
    /// Device that it becomes there, such as `/dev/sdf`.
    pub device: String,
}

/// Volume on an instance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttachedBody {
    /// Volume.
    pub volume_id: String,
    /// Instance.
    pub instance_id: String,
    /// Device.
    pub device: String,
    /// State of the attachment.
    pub state: String,
}

/// Volume that was detached.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DetachedBody {
    /// Volume.
    pub volume_id: String,
    /// State of the volume.
    pub state: String,
}

/// Request for a security group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateGroupBody {
    /// Name.
    pub group_name: String,
    /// Description, which is shown again.
    pub description: Option<String>,
    /// VPC, by id or by its name in the scenario.
    pub vpc_id: String,
}

/// Security group.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupBody {
    /// Id.
    pub security_group_id: String,
    /// Name.
    pub group_name: String,
    /// VPC.
    pub vpc_id: String,
}

/// Direction of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RuleType {
    /// Incoming traffic.
    Ingress,
    /// Outgoing traffic.
    Egress,
}

/// Request for a rule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleBody {
    /// Direction.
    #[serde(rename = "type")]
    pub kind: RuleType,
    /// Protocol: tcp, udp, icmp, -1 for all, or a number.
    pub protocol: String,
    /// First port, or ICMP type.
    pub from_port: Option<i32>,
    /// Last port, or ICMP code.
    pub to_port: Option<i32>,
    /// Range of addresses, such as 10.0.0.0/16.
    pub source: Option<String>,
    /// Security group, instead of a range.
    pub source_security_group_id: Option<String>,
    /// Description, which is not kept.
    #[serde(default, rename = "description")]
    pub _description: Option<String>,
}

/// Rule that was added.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleAddedBody {
    /// Security group.
    pub security_group_id: String,
    /// Rule.
    pub rule_id: String,
}

/// Refusal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ErrorBody {
    /// Error.
    pub error: ErrorDetail,
}

/// Code and message of a refusal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ErrorDetail {
    /// Code.
    pub code: String,
    /// Message for people.
    pub message: String,
}
