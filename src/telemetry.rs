//! Logs: to standard error, as text or JSON, never with citizen data in them.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. `MOTCUA_LOG` holds a filter such as `info` or `motcua=debug`, `MOTCUA_LOG_FORMAT=json` writes JSON.
pub fn start() {
    let filter = EnvFilter::builder().with_env_var("MOTCUA_LOG");
    let filter = filter.with_default_directive(tracing::level_filters::LevelFilter::WARN.into()).from_env_lossy();
    let is_terminal = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(is_terminal);
    #[expect(
        clippy::disallowed_methods,
        reason = "read before there is a configuration, so that its faults are logged"
    )]
    let json = std::env::var("MOTCUA_LOG_FORMAT").is_ok_and(|format| format == "json");
    if json {
        builder.json().init()
    } else {
        builder.init()
    }
    std::panic::set_hook(Box::new(|panic| {
        // Only where: what it says may hold the data it met.
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panicked");
    }));
}
