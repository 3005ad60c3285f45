//! Scenario files and workloads.
