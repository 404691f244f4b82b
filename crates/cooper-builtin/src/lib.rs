//! cooper-builtin
