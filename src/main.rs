//! The program: takes what the process gives (arguments, environment, clock, chance) and hands it to a command.

mod command;

use std::process::ExitCode;

use silkroutes::app::Surroundings;

/// Answers are many small allocations; this allocator makes them in half the time of the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[allow(clippy::disallowed_methods, reason = "the one place that looks at the surroundings; below they are parameters")]
fn main() -> ExitCode {
    // Variables that are no text can be no settings.
    let environment = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let (Ok(high), Ok(low)) = (getrandom::u64(), getrandom::u64()) else {
        return command::fail("The system gives no random numbers.");
    };
    let surroundings = Surroundings { clock: jiff::Timestamp::now, seed: [high, low] };
    command::run(std::env::args_os(), environment.collect(), surroundings)
}
