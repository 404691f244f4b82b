//! Steps that change a running machine.

pub(crate) mod ansible;
pub(crate) mod ansible_local;
pub(crate) mod breakpoint;
pub(crate) mod file;
pub(crate) mod shell;
pub(crate) mod shell_local;
pub(crate) mod sleep;
