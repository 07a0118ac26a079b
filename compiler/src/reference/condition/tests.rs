//! Every operator against every kind of request value.
