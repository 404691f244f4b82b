//! What a builder needs to give provisioners a way into its machine.

mod local;

pub use cooper_wire::message::{CopyDir, FileInfo};
pub use cooper_wire::service::communicator::{Command, Communicator, Started};
pub use cooper_wire::yamux::Stream;
pub use local::Local;
