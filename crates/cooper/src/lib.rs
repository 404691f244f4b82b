//! cooper
