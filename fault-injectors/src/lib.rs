//! Fault catalogue.
