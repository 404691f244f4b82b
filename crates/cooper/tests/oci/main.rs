//! Plugins in registries that do what the protocol says, that stumble, and that lie.

mod bench;
mod hostile;
mod pushing;
mod real;
mod server;
mod stumbling;
mod tokens;
