// Generated from plugins/sdk/abi.ts by `npm run abi`. Do not edit.

pub const ABI_VERSION: i32 = 2;
pub const BATCH_BYTES: usize = 65536;
pub const BOX_INFO_BYTES: usize = 96;

pub const TRIGGER_FREQUENCY_SAG: u8 = 1;
pub const TRIGGER_FREQUENCY_SWELL: u8 = 2;
pub const TRIGGER_VOLTAGE_SAG: u8 = 3;
pub const TRIGGER_VOLTAGE_SWELL: u8 = 4;
pub const TRIGGER_OTHER: u8 = 5;

pub const SETTING_NUMBER: u8 = 1;
pub const SETTING_FLAG: u8 = 2;
pub const SETTING_TEXT: u8 = 3;
pub const SETTING_LIST: u8 = 4;
pub const SETTING_OBJECT: u8 = 5;
pub const SETTING_NULL: u8 = 6;

pub const QUANTITY_VOLTAGE: u8 = 1;
pub const QUANTITY_FREQUENCY: u8 = 2;
pub const QUANTITY_THD: u8 = 3;
pub const QUANTITY_TRANSIENT: u8 = 4;
pub const QUANTITY_HEALTH: u8 = 5;

pub const HISTORY_MEASUREMENT: u8 = 1;
pub const HISTORY_TREND: u8 = 2;

pub const LOG_DEBUG: i32 = 0;
pub const LOG_INFO: i32 = 1;
pub const LOG_WARN: i32 = 2;
pub const LOG_ERROR: i32 = 3;

/// One measurement of one box.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Measurement {
    /// Unix milliseconds UTC
    pub timestamp_ms: f64,
    /// id of the box
    pub box_id: u32,
    /// bits 0 to 3: f, rms, thd, trans arrived as infinity or NaN (a dead input) and were left out
    pub invalid: u8,
    /// 2 or 3: a Box 2 or a Box 3
    pub dialect: u8,
    /// bits 0 to 2: measured during a sag, a swell, an interruption, or directly after it: frequency, THD and transient are not reliable
    pub flags: u8,
    /// always 0
    pub reserved: u8,
    /// frequency, Hz: lowest single cycle; NaN = not sent
    pub f_min: f32,
    /// frequency, Hz: mean over the cycles; NaN = not sent
    pub f_average: f32,
    /// frequency, Hz: highest single cycle; NaN = not sent
    pub f_max: f32,
    /// voltage, V RMS: lowest single cycle; NaN = not sent
    pub rms_min: f32,
    /// voltage, V RMS: mean over the cycles; NaN = not sent
    pub rms_average: f32,
    /// voltage, V RMS: highest single cycle; NaN = not sent
    pub rms_max: f32,
    /// total harmonic distortion, a fraction (0.05 = 5 %): lowest single cycle; NaN = not sent
    pub thd_min: f32,
    /// total harmonic distortion, a fraction (0.05 = 5 %): mean over the cycles; NaN = not sent
    pub thd_average: f32,
    /// total harmonic distortion, a fraction (0.05 = 5 %): highest single cycle; NaN = not sent
    pub thd_max: f32,
    /// transient magnitude: lowest single cycle; NaN = not sent
    pub trans_min: f32,
    /// transient magnitude: mean over the cycles; NaN = not sent
    pub trans_average: f32,
    /// transient magnitude: highest single cycle; NaN = not sent
    pub trans_max: f32,
}

// The sum of the sizes of all fields: none is anywhere but behind the one before.
const _: () = assert!(core::mem::size_of::<Measurement>() == 64);

/// A request for the waveforms of some boxes in a window of time.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct EventRequest {
    /// start of the window, Unix milliseconds UTC
    pub start_ms: f64,
    /// end of the window, Unix milliseconds UTC
    pub end_ms: f64,
    /// largest deviation from the reference, in percent of the reference, positive
    pub percent_magnitude: f64,
    /// address of the box ids, each a u32
    pub box_ids: u32,
    /// number of box ids
    pub box_count: u32,
    /// address of the description, UTF-8
    pub description: u32,
    /// length of the description in bytes
    pub description_bytes: u32,
    /// one of the TRIGGER constants
    pub trigger_type: u8,
    /// 1: ask for waveforms; 0: store the event without waveforms
    pub request_data: u8,
    /// 1: an event of its own, without delay; 0: it may wait for requests of other boxes and become one event with them
    pub urgent: u8,
    /// not read
    pub reserved0: u8,
    /// if one deviation is requested in several windows: ms from the start of the first window to the start of this one; 0: this is the first or only one
    pub family_ms: u32,
}

// The sum of the sizes of all fields: none is anywhere but behind the one before.
const _: () = assert!(core::mem::size_of::<EventRequest>() == 48);

/// Something that the plugin found: stored as an incident.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Incident {
    /// Unix milliseconds UTC
    pub start_ms: f64,
    /// Unix milliseconds UTC
    pub end_ms: f64,
    /// the largest deviation, signed, in the unit of the quantity
    pub deviation: f64,
    /// id of the box
    pub box_id: u32,
    /// address of the class, a name of your own
    pub class_name: u32,
    /// length of the class in bytes
    pub class_bytes: u32,
    /// address of the description, UTF-8
    pub description: u32,
    /// length of the description in bytes
    pub description_bytes: u32,
    /// one of the QUANTITY constants
    pub quantity: u8,
    /// not read
    pub reserved0: u8,
    /// not read
    pub reserved1: u16,
}

// The sum of the sizes of all fields: none is anywhere but behind the one before.
const _: () = assert!(core::mem::size_of::<Incident>() == 48);

/// What is known of a box. Its location, UTF-8, follows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct BoxInfo {
    /// V RMS
    pub nominal_voltage: f64,
    /// Hz
    pub nominal_frequency: f64,
    /// counts per volt; 1 when not known
    pub calibration: f64,
    /// id of the box
    pub box_id: u32,
    /// length of the location in bytes, at most 64
    pub location_bytes: u8,
    /// 1: the store has a record of the box; 0: these are defaults
    pub recorded: u8,
    /// always 0
    pub reserved: u16,
}

// The sum of the sizes of all fields: none is anywhere but behind the one before.
const _: () = assert!(core::mem::size_of::<BoxInfo>() == 32);

/// The head of one setting. Its path and its text, both UTF-8, follow it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// the number; 1 or 0 for true or false; for a list or an object how many items it has
    pub value: f64,
    /// bytes up to the next setting, a multiple of 8
    pub bytes: u32,
    /// length of the text in bytes
    pub text_bytes: u32,
    /// length of the path in bytes; a path has the names from the outermost to the innermost, such as limits.0.low
    pub path_bytes: u16,
    /// one of the SETTING constants
    pub kind: u8,
    /// always 0; for the plugin to mark what it has read
    pub read: u8,
    /// always 0
    pub reserved: u32,
}

// The sum of the sizes of all fields: none is anywhere but behind the one before.
const _: () = assert!(core::mem::size_of::<Setting>() == 24);
