//! What clients of web servers have in common: whom they believe ([`tls`]), how they get there
//! ([`proxy`]), where answers send them ([`redirect`]), and what is told of what goes wrong
//! ([`trouble`]).

pub mod proxy;
pub mod redirect;
pub mod tls;
pub mod trouble;
pub mod unverified;
