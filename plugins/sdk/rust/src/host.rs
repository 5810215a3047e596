//! What the host offers. In a test on the author's machine there is none: lines go to standard error, and it is always 1970.

use crate::abi;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]
    fn number(self) -> i32 {
        match self {
            Level::Debug => abi::LOG_DEBUG,
            Level::Info => abi::LOG_INFO,
            Level::Warn => abi::LOG_WARN,
            Level::Error => abi::LOG_ERROR,
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) mod imports {
    #[link(wasm_import_module = "makai")]
    extern "C" {
        pub fn log(level: i32, text: *const u8, bytes: usize);
        pub fn now_ms() -> f64;
        #[link_name = "box"]
        pub fn box_info(id: u32, to: *mut u8);
        pub fn next_box(after: i32) -> i32;
        pub fn history(box_id: u32, from_ms: f64, to_ms: f64) -> i32;
        pub fn state_get(to: *mut u8, room: usize) -> i32;
        pub fn state_set(from: *const u8, bytes: usize) -> i32;
        pub fn value(series: *const u8, bytes: usize, box_id: u32, timestamp_ms: f64, value: f64);
        pub fn incident(record: *const crate::abi::Incident);
    }
}

/// Writes a line to the daemon's log. The host cuts long ones, and leaves lines out when they are too many.
#[cfg(target_arch = "wasm32")]
pub fn log(level: Level, line: &str) {
    unsafe { imports::log(level.number(), line.as_ptr(), line.len()) }
}

/// Unix milliseconds UTC; in a replay the recording's time.
#[cfg(target_arch = "wasm32")]
pub fn now_ms() -> f64 {
    unsafe { imports::now_ms() }
}

#[cfg(not(target_arch = "wasm32"))]
pub fn log(level: Level, line: &str) {
    eprintln!("{level:?}: {line}");
}

#[cfg(not(target_arch = "wasm32"))]
pub fn now_ms() -> f64 {
    0.0
}
