//! Calls about what is no instance, each handed to the part it belongs to.

use super::Cloud;
use super::calls::Refused;
use super::observe::Observer;
use crate::failure::Failure;
use crate::units::{AccountId, Time};
use crate::workload::resource_call::ResourceCall;

impl Cloud {
    /// Answers a call about a resource.
    pub(super) fn on_resource(
        &mut self,
        now: Time,
        account: AccountId,
        call: &ResourceCall,
        observer: &mut dyn Observer,
    ) {
        let answer = Err(Refused::outright(Failure::Unsupported));
        self.answer(now, call.operation(), account, answer, observer);
    }
}
