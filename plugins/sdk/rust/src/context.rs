//! What a plugin asks the host for besides requests: boxes, history, a state over restarts, series and incidents. In a test on the author's
//! machine there is no host: boxes have defaults, nothing is kept, and what is recorded goes to standard error.

use crate::abi;
#[cfg(target_arch = "wasm32")]
use crate::host::imports;

/// What is known of a box; defaults when the store has no record of it.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxInfo {
    pub id: u32,
    /// slug, "unknown" when it has none
    pub location: String,
    /// V RMS
    pub nominal_voltage: f64,
    /// Hz
    pub nominal_frequency: f64,
    /// counts per volt
    pub calibration: f64,
    pub is_recorded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    Voltage = abi::QUANTITY_VOLTAGE as isize,
    Frequency = abi::QUANTITY_FREQUENCY as isize,
    Thd = abi::QUANTITY_THD as isize,
    Transient = abi::QUANTITY_TRANSIENT as isize,
    Health = abi::QUANTITY_HEALTH as isize,
}

/// Something that the plugin found.
#[derive(Clone, Debug)]
pub struct Incident<'a> {
    /// a name of your own: letters, digits, `_` and `-`, at most 40
    pub class: &'a str,
    pub quantity: Quantity,
    pub box_id: u32,
    pub start_ms: f64,
    pub end_ms: f64,
    /// signed, in the unit of the quantity
    pub deviation: f64,
    pub description: &'a str,
}

#[cfg(target_arch = "wasm32")]
pub fn box_of(id: u32) -> BoxInfo {
    #[repr(C, align(8))]
    struct Place([u8; abi::BOX_INFO_BYTES]);
    let mut place = Place([0; abi::BOX_INFO_BYTES]);
    unsafe { imports::box_info(id, place.0.as_mut_ptr()) };
    let info = unsafe { *(place.0.as_ptr() as *const abi::BoxInfo) };
    let from = core::mem::size_of::<abi::BoxInfo>();
    let location = &place.0[from..from + usize::from(info.location_bytes)];
    BoxInfo {
        id,
        location: String::from_utf8_lossy(location).into_owned(),
        nominal_voltage: info.nominal_voltage,
        nominal_frequency: info.nominal_frequency,
        calibration: info.calibration,
        is_recorded: info.recorded == 1,
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub fn box_of(id: u32) -> BoxInfo {
    BoxInfo {
        id,
        location: "unknown".into(),
        nominal_voltage: 120.0,
        nominal_frequency: 60.0,
        calibration: 1.0,
        is_recorded: false,
    }
}

/// Ids of all boxes that the store has a record of.
pub fn recorded_boxes() -> Vec<u32> {
    let mut ids = Vec::new();
    let mut after = -1;
    loop {
        after = next_box(after);
        if after < 0 {
            return ids;
        }
        ids.push(after as u32);
    }
}

#[cfg(target_arch = "wasm32")]
fn next_box(after: i32) -> i32 {
    unsafe { imports::next_box(after) }
}

#[cfg(not(target_arch = "wasm32"))]
fn next_box(_after: i32) -> i32 {
    -1
}

/// While the plugin is made: asks for what is stored of a box; it comes through `Plugin::history`. False: it will not come.
#[cfg(target_arch = "wasm32")]
pub fn ask_history(box_id: u32, from_ms: f64, to_ms: f64) -> bool {
    unsafe { imports::history(box_id, from_ms, to_ms) == 1 }
}

#[cfg(not(target_arch = "wasm32"))]
pub fn ask_history(_box_id: u32, _from_ms: f64, _to_ms: f64) -> bool {
    false
}

/// What the plugin kept; none when it kept nothing.
#[cfg(target_arch = "wasm32")]
pub fn kept_state() -> Option<Vec<u8>> {
    let length = unsafe { imports::state_get(core::ptr::NonNull::dangling().as_ptr(), 0) };
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    unsafe { imports::state_get(bytes.as_mut_ptr(), bytes.len()) };
    Some(bytes)
}

#[cfg(not(target_arch = "wasm32"))]
pub fn kept_state() -> Option<Vec<u8>> {
    None
}

/// Keeps at most 65,536 bytes over restarts. False: there were more.
#[cfg(target_arch = "wasm32")]
pub fn keep_state(bytes: &[u8]) -> bool {
    unsafe { imports::state_set(bytes.as_ptr(), bytes.len()) == 0 }
}

#[cfg(not(target_arch = "wasm32"))]
pub fn keep_state(bytes: &[u8]) -> bool {
    bytes.len() <= 65_536
}

/// One value of a series of your own; a second one of the same box and time replaces the first.
#[cfg(target_arch = "wasm32")]
pub fn record(series: &str, box_id: u32, timestamp_ms: f64, value: f64) {
    unsafe { imports::value(series.as_ptr(), series.len(), box_id, timestamp_ms, value) }
}

#[cfg(not(target_arch = "wasm32"))]
pub fn record(series: &str, box_id: u32, timestamp_ms: f64, value: f64) {
    eprintln!("{series} of box {box_id} at {timestamp_ms}: {value}");
}

/// Stores an incident.
#[cfg(target_arch = "wasm32")]
pub fn found(incident: &Incident) {
    let record = abi::Incident {
        start_ms: incident.start_ms,
        end_ms: incident.end_ms,
        deviation: incident.deviation,
        box_id: incident.box_id,
        class_name: incident.class.as_ptr() as u32,
        class_bytes: incident.class.len() as u32,
        description: incident.description.as_ptr() as u32,
        description_bytes: incident.description.len() as u32,
        quantity: incident.quantity as u8,
        reserved0: 0,
        reserved1: 0,
    };
    unsafe { imports::incident(&record) }
}

#[cfg(not(target_arch = "wasm32"))]
pub fn found(incident: &Incident) {
    eprintln!("{incident:?}");
}
