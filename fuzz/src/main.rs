//! One program for all targets (`src/http/hostile.rs`): `TARGET` says which. LLVM's fuzzer takes it from there.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use silkroutes::http::hostile::{TARGETS, Target};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let wanted = std::env::var("TARGET").unwrap_or_default();
    TARGETS.iter().find(|(name, _)| *name == wanted).unwrap_or_else(|| panic!("TARGET is one of {:?}", TARGETS.map(|(name, _)| name))).1
});

fuzz_target!(|bytes: &[u8]| TARGET(bytes));
