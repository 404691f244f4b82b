//! What every function promises.
