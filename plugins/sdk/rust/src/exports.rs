//! The state behind the exported functions.

use crate::{abi, host, Level, Measurement, Plugin, Requests, Settings};
use std::alloc::Layout;
use std::cell::UnsafeCell;

/// What `makai_configure` returns when the settings are refused; the log says why.
const SETTINGS_REFUSED: i32 = 1;

struct State {
    plugin: Option<Box<dyn Plugin>>,
    requests: Requests,
}

pub struct Exports {
    state: UnsafeCell<Option<State>>,
}

// A module has one thread, and the host makes one call at a time.
unsafe impl Sync for Exports {}

impl Exports {
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Exports { state: UnsafeCell::new(None) }
    }

    /// Memory for the host to write to; it is never freed.
    pub fn alloc(&self, bytes: usize) -> *mut u8 {
        match Layout::from_size_align(bytes.max(1), 16) {
            Ok(layout) => unsafe { std::alloc::alloc(layout) },
            Err(_) => core::ptr::null_mut(),
        }
    }

    pub fn configure(&self, records: &[u8], make: fn(&mut Settings) -> Box<dyn Plugin>) -> i32 {
        std::panic::set_hook(Box::new(|panic| host::log(Level::Error, &panic.to_string())));
        let mut settings = Settings::from_records(records);
        let plugin = make(&mut settings);
        let mistakes = settings.close();
        for mistake in &mistakes {
            host::log(Level::Error, mistake);
        }
        if !mistakes.is_empty() {
            return SETTINGS_REFUSED;
        }
        self.state().plugin = Some(plugin);
        0
    }

    /// A call without measurements is a tick.
    pub fn process(&self, measurements: &[Measurement]) -> usize {
        let State { plugin, requests } = self.state();
        requests.clear();
        if let Some(plugin) = plugin {
            let now_ms = host::now_ms();
            if measurements.is_empty() {
                plugin.tick(now_ms, requests);
            }
            for m in measurements {
                plugin.measurement(m, now_ms, requests);
            }
        }
        requests.as_slice().len()
    }

    pub fn history(&self, rows: &[Measurement], kind: u32) {
        if let Some(plugin) = &mut self.state().plugin {
            for m in rows {
                plugin.history(m, kind == u32::from(abi::HISTORY_TREND));
            }
        }
    }

    pub fn unload(&self) -> usize {
        let State { plugin, requests } = self.state();
        requests.clear();
        if let Some(plugin) = plugin {
            plugin.unload(requests);
        }
        requests.as_slice().len()
    }

    pub fn requests(&self) -> *const abi::EventRequest {
        self.state().requests.lay()
    }

    #[allow(clippy::mut_from_ref)]
    fn state(&self) -> &mut State {
        let state = unsafe { &mut *self.state.get() };
        state.get_or_insert_with(|| State { plugin: None, requests: Requests::default() })
    }
}
