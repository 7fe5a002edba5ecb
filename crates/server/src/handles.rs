//! Handles of resources: what a client names by an id becomes the handle by which calls of the model name it.

use plimsoll_base::failure::Failure;
use plimsoll_base::units::{
    AccountId, CapacityReservationId, ElasticAddressId, HostId, ImageId, InstanceId, InterfaceId,
    SecurityGroupId, SnapshotId, VolumeId,
};
use plimsoll_model::workload::handles::{
    AddressHandle, Handle, HostHandle, ImageHandle, InterfaceHandle, ReservationHandle, SecurityGroupHandle,
    SnapshotHandle, VolumeHandle,
};
use plimsoll_sim::cloud::session::CreatedResource;

use crate::api_error::ApiError;
use crate::ids::{IdKind, ResourceIds};
use crate::model::CloudModel;

/// Name that stands for every resource that does not exist, so that ids which clients invent take no memory.
const UNKNOWN: &str = "(unknown)";

/// Name in the directory that stands for instances that do not exist.
const UNKNOWN_INSTANCE: &str = "(no instance)";

/// Returns the code of an id that has not the form of its kind (EC2 API reference, "Error codes", read 2026-11).
fn malformed(kind: IdKind) -> &'static str {
    match kind {
        IdKind::Volume => "InvalidVolumeID.Malformed",
        IdKind::Snapshot => "InvalidSnapshotID.Malformed",
        IdKind::Image => "InvalidAMIID.Malformed",
        IdKind::Interface => "InvalidNetworkInterfaceId.Malformed",
        IdKind::InterfaceAttachment => "InvalidNetworkInterfaceAttachmentId.Malformed",
        IdKind::SecurityGroup => "InvalidGroupId.Malformed",
        IdKind::Allocation => "InvalidAllocationID.NotFound",
        IdKind::Association => "InvalidAssociationID.NotFound",
        IdKind::CapacityReservation => "InvalidCapacityReservationId.Malformed",
        IdKind::DedicatedHost => "InvalidHostID.Malformed",
        IdKind::SpotRequest => "InvalidSpotInstanceRequestID.Malformed",
        IdKind::Instance => "InvalidInstanceID.Malformed",
        _ => "InvalidID",
    }
}

/// Returns the error of a text that is the id of no resource of a kind: it is formed like one, or not even that.
pub fn wrong_id(kind: IdKind, text: &str) -> ApiError {
    let unknown = match kind {
        IdKind::Instance => Some((Failure::InvalidInstanceIdNotFound, "instance ID")),
        IdKind::Volume => Some((Failure::InvalidVolumeNotFound, "volume")),
        IdKind::Snapshot => Some((Failure::InvalidSnapshotNotFound, "snapshot")),
        IdKind::Interface => Some((Failure::InvalidNetworkInterfaceIdNotFound, "networkInterface ID")),
        IdKind::InterfaceAttachment => Some((Failure::InvalidAttachmentIdNotFound, "attachment")),
        IdKind::SecurityGroup => Some((Failure::InvalidGroupNotFound, "security group")),
        IdKind::DedicatedHost => Some((Failure::InvalidHostIdNotFound, "host ID")),
        IdKind::Image => Some((Failure::InvalidAmiIdNotFound, "image id")),
        IdKind::CapacityReservation => {
            Some((Failure::InvalidCapacityReservationIdNotFound, "capacity reservation"))
        }
        _ => None,
    };
    let invalid = || {
        let message = format!("Invalid id: \"{text}\" (expecting \"{}...\")", kind.prefix());
        ApiError::client(malformed(kind), message)
    };
    match unknown {
        _ if !ResourceIds::is_formed(kind, text) => invalid(),
        Some((failure, what)) if kind == IdKind::Image => {
            ApiError::not_found(failure, what, &format!("[{text}]"))
        }
        Some((failure, what)) => ApiError::not_found(failure, what, text),
        // The model knows no requests, and so no failure of theirs.
        None if kind == IdKind::SpotRequest => {
            let message = format!("The spot instance request ID '{text}' does not exist");
            ApiError::client("InvalidSpotInstanceRequestID.NotFound", message)
        }
        None => invalid(),
    }
}

/// Returns the number by which the id of a dedicated host is made: that of the host, and its releases so far.
pub fn host_number(host: HostId, term: u32) -> u64 {
    u64::from(term) << 32 | u64::from(host.0)
}

impl CloudModel<'_> {
    /// Reads the id of a resource.
    pub fn read_id(&self, kind: IdKind, text: &str) -> Result<u32, ApiError> {
        let number = self.ids.read(kind, text).and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| wrong_id(kind, text))
    }

    /// Reads the id of an instance.
    pub fn read_instance_id(&self, text: &str) -> Result<InstanceId, ApiError> {
        let number = self.ids.read(IdKind::Instance, text);
        number.map(InstanceId).ok_or_else(|| wrong_id(IdKind::Instance, text))
    }

    /// Returns the handle by which calls name an instance.
    pub fn instance_handle(&mut self, text: &str) -> Result<Handle, ApiError> {
        let id = self.read_instance_id(text)?;
        let is_shown = self.session.instance(id).is_some();
        let name = if is_shown { text } else { UNKNOWN_INSTANCE };
        let handle = self.session.directory_mut().handles.instance(name);
        if is_shown {
            self.session.bind(handle, id);
        }
        Ok(handle)
    }

    /// Returns the handles of several instances, at least one.
    pub fn instance_handles(&mut self, texts: &[&str]) -> Result<Box<[Handle]>, ApiError> {
        if texts.is_empty() {
            // EC2 API reference, "Error codes", `InvalidParameterCombination`, read 2026-11: "trying to terminate an instance without
            // specifying the instance ID".
            return Err(ApiError::client("InvalidParameterCombination", "No instances specified"));
        }
        let is_of_another_run = |text: &&&str| {
            self.ids.read(IdKind::Instance, text).is_none() && ResourceIds::is_formed(IdKind::Instance, text)
        };
        let unknown: Vec<&str> = texts.iter().filter(is_of_another_run).copied().collect();
        if !unknown.is_empty() {
            return Err(ApiError::no_instances(&unknown));
        }
        texts.iter().map(|text| self.instance_handle(text)).collect()
    }

    /// Returns the id of a resource.
    pub fn id(&self, kind: IdKind, number: u32) -> String {
        self.ids.show(kind, u64::from(number))
    }

    /// Returns a name for a resource that is to be made, unlike every id.
    pub fn new_name(&mut self) -> String {
        format!("(resource {})", self.next_launch())
    }

    /// Returns the handle of a volume.
    pub fn volume_handle(&mut self, text: &str) -> Result<VolumeHandle, ApiError> {
        let id = VolumeId(self.read_id(IdKind::Volume, text)?);
        let name = if self.session.storage().volume(id).is_some() { text } else { UNKNOWN };
        let handle = self.session.directory_mut().handles.volume(name);
        self.session.bind_resource(handle.0, CreatedResource::Volume(id));
        Ok(handle)
    }

    /// Returns the handle of a snapshot.
    pub fn snapshot_handle(&mut self, text: &str) -> Result<SnapshotHandle, ApiError> {
        let id = SnapshotId(self.read_id(IdKind::Snapshot, text)?);
        let name = if self.session.storage().snapshot(id).is_some() { text } else { UNKNOWN };
        let handle = self.session.directory_mut().handles.snapshot(name);
        self.session.bind_resource(handle.0, CreatedResource::Snapshot(id));
        Ok(handle)
    }

    /// Returns the handle of an image, by its id or by its name in the scenario.
    pub fn image_handle(&mut self, account: AccountId, text: &str) -> Result<ImageHandle, ApiError> {
        let number = self.ids.read(IdKind::Image, text);
        let images = self.session.storage().images();
        let is_own = |owner: Option<AccountId>| owner.is_none_or(|owner| owner == account);
        let found = images.iter().find(|image| {
            number == Some(u64::from(image.id.0)) || (image.name == text && is_own(image.account))
        });
        let Some(id) = found.map(|image| image.id) else {
            return Err(wrong_id(IdKind::Image, text));
        };
        let handle =
            self.session.directory_mut().handles.image(&self.ids.show(IdKind::Image, u64::from(id.0)));
        self.session.bind_resource(handle.0, CreatedResource::Image(ImageId(id.0)));
        Ok(handle)
    }

    /// Returns the handle of an elastic address.
    pub fn address_handle(&mut self, kind: IdKind, text: &str) -> Result<AddressHandle, ApiError> {
        let id = ElasticAddressId(self.read_id(kind, text)?);
        let is_known = self.session.network().elastic().holder_of(id).is_some();
        let name = if is_known { self.id(IdKind::Allocation, id.0) } else { UNKNOWN.to_string() };
        let handle = self.session.directory_mut().handles.address(&name);
        self.session.bind_resource(handle.0, CreatedResource::Address(id));
        Ok(handle)
    }

    /// Returns the handle of a network interface of an account, by its id or by that of its attachment.
    pub fn interface_handle(
        &mut self,
        account: AccountId,
        kind: IdKind,
        text: &str,
    ) -> Result<InterfaceHandle, ApiError> {
        let id = InterfaceId(self.read_id(kind, text)?);
        let is_known = self.session.network().interface(account, id).is_some();
        let name = if is_known { self.id(IdKind::Interface, id.0) } else { UNKNOWN.to_string() };
        let handle = self.session.directory_mut().handles.interface(&name);
        self.session.bind_resource(handle.0, CreatedResource::Interface(id));
        Ok(handle)
    }

    /// Returns the id of a dedicated host. One that is allocated again has another ("you can't reuse the same host or host ID again",
    /// EC2 user guide, "Release an Amazon EC2 Dedicated Host", read 2026-11).
    pub fn host_id(&self, host: HostId) -> String {
        self.host_id_of(host, self.session.releases_of(host))
    }

    /// Returns the id that a dedicated host had after so many releases.
    pub fn host_id_of(&self, host: HostId, term: u32) -> String {
        self.ids.show(IdKind::DedicatedHost, host_number(host, term))
    }

    /// Returns the dedicated host of an account that an id stands for.
    pub fn dedicated_host(&self, account: AccountId, text: &str) -> Result<HostId, ApiError> {
        let number = self.ids.read(IdKind::DedicatedHost, text);
        let number = number.ok_or_else(|| wrong_id(IdKind::DedicatedHost, text))?;
        let host = HostId(number as u32);
        let is_of_now = number == host_number(host, self.session.releases_of(host));
        if is_of_now && self.session.has_dedicated_host(account, host) {
            return Ok(host);
        }
        Err(ApiError::not_found(Failure::InvalidHostIdNotFound, "host ID", text))
    }

    /// Returns the handle of a dedicated host of an account.
    pub fn host_handle(&mut self, account: AccountId, text: &str) -> Result<HostHandle, ApiError> {
        let id = self.dedicated_host(account, text)?;
        let handle = self.session.directory_mut().handles.host(text);
        self.session.bind_resource(handle.0, CreatedResource::Host(id));
        Ok(handle)
    }

    /// Returns the handle of a capacity reservation.
    pub fn reservation_handle(&mut self, text: &str) -> Result<ReservationHandle, ApiError> {
        let id = CapacityReservationId(self.read_id(IdKind::CapacityReservation, text)?);
        let known = self.session.reservations().all().len();
        if id.index() >= known {
            let unknown = Failure::InvalidCapacityReservationIdNotFound;
            return Err(ApiError::not_found(unknown, "capacity reservation", text));
        }
        let handle = self.session.directory_mut().handles.reservation(text);
        self.session.bind_resource(handle.0, CreatedResource::Reservation(id));
        Ok(handle)
    }

    /// Returns the handle of a security group of an account, by its id.
    pub fn security_group_handle(
        &mut self,
        account: AccountId,
        text: &str,
    ) -> Result<SecurityGroupHandle, ApiError> {
        self.session.open_security_groups(account);
        let id = SecurityGroupId(self.read_id(IdKind::SecurityGroup, text)?);
        let found = self.session.security().group(id).ok().filter(|group| group.owner.account == account);
        let Some(name) = found.map(|group| group.name.clone()) else {
            return Err(ApiError::not_found(Failure::InvalidGroupNotFound, "security group", text));
        };
        Ok(self.session.directory_mut().handles.security_group(&name))
    }

    /// Returns the handle of a security group of an account, by its id or by its name.
    pub fn security_group_named(
        &mut self,
        account: AccountId,
        text: &str,
    ) -> Result<SecurityGroupHandle, ApiError> {
        match text.starts_with("sg-") {
            true => self.security_group_handle(account, text),
            false => Ok(self.session.directory_mut().handles.security_group(text)),
        }
    }
}
