//! __NAME__: asks for the waveform of a box whose RMS voltage sags below a limit.

use makai::{Level, Measurement, Plugin, Request, Requests, Settings, TriggerType};
use std::collections::HashMap;

/// How early the window begins when no good measurement came before the sag, ms.
const LEAD_MS: f64 = 1000.0;

#[derive(Default)]
struct BoxState {
    latest_ms: f64,
    /// last measurement that was not below the limit
    last_good_ms: Option<f64>,
    sag: Option<Sag>,
}

struct Sag {
    start_ms: f64,
    /// V RMS
    lowest_v: f64,
}

struct Sags {
    limit_v: f64,
    reference_v: f64,
    boxes: HashMap<u32, BoxState>,
}

fn configure(settings: &mut Settings) -> Sags {
    let limit_v = settings.number("limit_v", 110.0, 0.0..=1000.0);
    let reference_v = settings.number("reference_v", 120.0, 1.0..=1000.0);
    makai::log(Level::Info, &format!("asks for sags below {limit_v} V"));
    Sags { limit_v, reference_v, boxes: HashMap::new() }
}

impl Plugin for Sags {
    fn measurement(&mut self, m: &Measurement, _now_ms: f64, requests: &mut Requests) {
        let v = f64::from(m.rms_min); // the lowest cycle: a sag of one cycle shows here
        if v.is_nan() {
            return; // the voltage was not sent
        }
        let state = self.boxes.entry(m.box_id).or_default();
        if m.timestamp_ms < state.latest_ms {
            *state = BoxState::default(); // its clock was set back: start over
        }
        state.latest_ms = m.timestamp_ms;
        if v < self.limit_v {
            let start_ms = state.last_good_ms.unwrap_or(m.timestamp_ms - LEAD_MS);
            let sag = state.sag.get_or_insert(Sag { start_ms, lowest_v: v });
            sag.lowest_v = sag.lowest_v.min(v);
            return;
        }
        if let Some(sag) = state.sag.take() {
            requests.push(Request {
                start_ms: sag.start_ms,
                end_ms: m.timestamp_ms,
                box_ids: vec![m.box_id],
                trigger_type: TriggerType::VoltageSag,
                percent_magnitude: 100.0 * (self.reference_v - sag.lowest_v) / self.reference_v,
                description: format!("__NAME__: sag on box {}", m.box_id),
                request_data: true,
                urgent: false,
                family_ms: 0,
            });
        }
        state.last_good_ms = Some(m.timestamp_ms);
    }
}

makai::plugin!(configure);
