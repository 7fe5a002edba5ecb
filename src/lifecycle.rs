//! The life of an instance: states, operations, and the one table of legal moves.

/// An operation of the API on instances.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Operation {
    /// New instances.
    Launch = 1,
    /// Run a stopped instance again.
    Start = 2,
    /// Stop a running instance.
    Stop = 3,
    /// Reboot a running instance.
    Reboot = 4,
    /// End an instance.
    Terminate = 5,
    /// Ask for its state.
    Describe = 6,
    /// Change its type.
    Modify = 7,
}
