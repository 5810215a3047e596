//! What a Makai plugin written in Rust builds on. A plugin implements [`Plugin`] and names the function that makes it:
//! `makai::plugin!(configure);`. Nothing here needs a crate from elsewhere. See README.md.

pub mod abi;
mod context;
mod exports;
mod host;
mod requests;
mod settings;

pub use abi::Measurement;
pub use context::{
    ask_history, box_of, found, keep_state, kept_state, record, recorded_boxes, BoxInfo, Incident, Quantity,
};
pub use exports::Exports;
pub use host::{log, now_ms, Level};
pub use requests::{Request, Requests, TriggerType};
pub use settings::{Settings, Value};

/// What the host calls; nothing runs between two calls.
pub trait Plugin {
    /// Each measurement, boxes interleaved. `now_ms` is our clock, Unix milliseconds UTC; the measurement's time is of the box's clock.
    fn measurement(&mut self, m: &Measurement, now_ms: f64, requests: &mut Requests);

    /// Stored rows that were asked for with [`ask_history`], oldest first. Of a trend the time is the end of its minute.
    fn history(&mut self, _m: &Measurement, _is_trend: bool) {}

    /// About once a second, also when no measurement comes: for what silence means.
    fn tick(&mut self, _now_ms: f64, _requests: &mut Requests) {}

    /// Once, last: what is open may be asked for here.
    fn unload(&mut self, _requests: &mut Requests) {}
}

/// Exports what the host calls. `$configure` is a `fn(&mut Settings) -> P` where `P` is a [`Plugin`]; it is called once, first.
#[macro_export]
macro_rules! plugin {
    ($configure:path) => {
        static MAKAI_EXPORTS: $crate::Exports = $crate::Exports::new();

        #[no_mangle]
        pub extern "C" fn makai_abi_version() -> i32 {
            $crate::abi::ABI_VERSION
        }

        #[no_mangle]
        pub extern "C" fn makai_alloc(bytes: usize) -> *mut u8 {
            MAKAI_EXPORTS.alloc(bytes)
        }

        /// # Safety
        /// The host gives the address of `bytes` bytes.
        #[no_mangle]
        pub unsafe extern "C" fn makai_configure(records: *const u8, bytes: usize) -> i32 {
            MAKAI_EXPORTS.configure(core::slice::from_raw_parts(records, bytes), |settings| Box::new($configure(settings)))
        }

        /// # Safety
        /// The host gives the address of `count` measurements.
        #[no_mangle]
        pub unsafe extern "C" fn makai_process(measurements: *const $crate::Measurement, count: usize) -> usize {
            MAKAI_EXPORTS.process(core::slice::from_raw_parts(measurements, count))
        }

        #[no_mangle]
        pub extern "C" fn makai_requests() -> *const $crate::abi::EventRequest {
            MAKAI_EXPORTS.requests()
        }

        /// # Safety
        /// The host gives the address of `count` rows.
        #[no_mangle]
        pub unsafe extern "C" fn makai_history(rows: *const $crate::Measurement, count: usize, kind: u32) {
            MAKAI_EXPORTS.history(core::slice::from_raw_parts(rows, count), kind)
        }

        #[no_mangle]
        pub extern "C" fn makai_unload() -> usize {
            MAKAI_EXPORTS.unload()
        }
    };
}
