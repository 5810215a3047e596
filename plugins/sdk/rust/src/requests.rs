//! The event requests of one call: gathered as values, laid out as records when the host asks for them.

use crate::abi;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TriggerType {
    FrequencySag = abi::TRIGGER_FREQUENCY_SAG,
    FrequencySwell = abi::TRIGGER_FREQUENCY_SWELL,
    VoltageSag = abi::TRIGGER_VOLTAGE_SAG,
    VoltageSwell = abi::TRIGGER_VOLTAGE_SWELL,
    Other = abi::TRIGGER_OTHER,
}

/// A request for the waveforms of some boxes in a window of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Unix milliseconds UTC, by the box's clock
    pub start_ms: f64,
    pub end_ms: f64,
    pub box_ids: Vec<u32>,
    pub trigger_type: TriggerType,
    /// largest deviation from the reference, in percent of it, positive
    pub percent_magnitude: f64,
    pub description: String,
    /// false: log an event without waveforms
    pub request_data: bool,
    /// true: an event of its own, without delay; false: it may become one event with requests of other boxes
    pub urgent: bool,
    /// of a window that goes on: ms from the start of the first window of the same deviation to this one; else 0
    pub family_ms: u32,
}

#[derive(Default)]
pub struct Requests {
    list: Vec<Request>,
    records: Vec<abi::EventRequest>,
}

impl Requests {
    pub fn push(&mut self, request: Request) {
        self.list.push(request);
    }

    /// What was pushed in this call, for tests.
    pub fn as_slice(&self) -> &[Request] {
        &self.list
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.records.clear();
    }

    /// Lays out the records; their address is valid until `clear` or `push`.
    pub(crate) fn lay(&mut self) -> *const abi::EventRequest {
        self.records.clear();
        self.records.extend(self.list.iter().map(|request| abi::EventRequest {
            start_ms: request.start_ms,
            end_ms: request.end_ms,
            percent_magnitude: request.percent_magnitude,
            // an address is a u32 where this runs
            box_ids: request.box_ids.as_ptr() as usize as u32,
            box_count: request.box_ids.len() as u32,
            description: request.description.as_ptr() as usize as u32,
            description_bytes: request.description.len() as u32,
            trigger_type: request.trigger_type as u8,
            request_data: u8::from(request.request_data),
            urgent: u8::from(request.urgent),
            reserved0: 0,
            family_ms: request.family_ms,
        }));
        self.records.as_ptr()
    }
}
