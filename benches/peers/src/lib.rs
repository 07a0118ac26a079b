//! Measures only: see `benches/`.
