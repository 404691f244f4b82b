//! Speaks the protocol of Packer's plugins, on both sides.
//!
//! The modules are the layers, from the bottom up, and each can be tested with recorded bytes:
//!
//! | module | what travels |
//! | --- | --- |
//! | [`handshake`] | one line, by which a plugin says where it listens |
//! | [`yamux`] | many streams over one connection |
//! | [`broker`] | which stream is meant for whom, by numbers |
//! | [`msgpack`] | values |
//! | [`rpc`] | calls and their answers |
//! | [`message`] | what calls and answers say |
//! | [`service`] | who answers which calls: builders, provisioners, `Ui`, communicators… |
//! | [`spec`], [`cty`], [`gob`] | what arguments a component takes, and which it is given |
//!
//! A plugin and its host are mirror images: both call and both serve. This crate knows nothing of
//! templates.

pub mod broker;
pub mod cty;
pub mod gob;
pub mod handshake;
pub mod message;
pub mod msgpack;
pub mod rpc;
pub mod service;
pub mod spec;
#[cfg(test)]
mod testing;
pub mod yamux;
