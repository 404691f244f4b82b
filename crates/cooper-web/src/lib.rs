//! What clients of web servers have in common: how they begin ([`client`]), whom they believe
//! ([`tls`]), where answers send them ([`redirect`]), what is asked again ([`retry`]), and what is
//! told of what goes wrong ([`trouble`]).

pub mod client;
mod proxy;
pub mod redirect;
pub mod retry;
pub mod tls;
pub mod trouble;
pub mod unverified;
