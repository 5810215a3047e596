//! __NAME__: asks for the waveform of a box whose RMS voltage dips below a limit.

use makai::{Level, Measurement, Plugin, Request, Requests, Settings, TriggerType};
use std::collections::HashMap;

/// How early the window begins when no good measurement came before the dip, ms.
const LEAD_MS: f64 = 1000.0;

#[derive(Default)]
struct BoxState {
    latest_ms: f64,
    /// last measurement that was not below the limit
    last_good_ms: Option<f64>,
    dip: Option<Dip>,
}

struct Dip {
    start_ms: f64,
    /// V RMS
    least_v: f64,
}

struct Dips {
    limit_v: f64,
    reference_v: f64,
    boxes: HashMap<u32, BoxState>,
}

fn configure(settings: &mut Settings) -> Dips {
    let limit_v = settings.number("limit_v", 110.0, 0.0..=1000.0);
    let reference_v = settings.number("reference_v", 120.0, 1.0..=1000.0);
    makai::log(Level::Info, &format!("asks for dips below {limit_v} V"));
    Dips { limit_v, reference_v, boxes: HashMap::new() }
}

impl Plugin for Dips {
    fn measurement(&mut self, m: &Measurement, _now_ms: f64, requests: &mut Requests) {
        let v = f64::from(m.rms_min); // the least cycle: a dip of one cycle shows here
        if v.is_nan() {
            return; // the voltage was not sent
        }
        let state = self.boxes.entry(m.box_id).or_default();
        if m.timestamp_ms < state.latest_ms {
            *state = BoxState::default(); // its clock was set back: begin anew
        }
        state.latest_ms = m.timestamp_ms;
        if v < self.limit_v {
            let start_ms = state.last_good_ms.unwrap_or(m.timestamp_ms - LEAD_MS);
            let dip = state.dip.get_or_insert(Dip { start_ms, least_v: v });
            dip.least_v = dip.least_v.min(v);
            return;
        }
        if let Some(dip) = state.dip.take() {
            requests.push(Request {
                start_ms: dip.start_ms,
                end_ms: m.timestamp_ms,
                box_ids: vec![m.box_id],
                trigger_type: TriggerType::VoltageSag,
                percent_magnitude: 100.0 * (self.reference_v - dip.least_v) / self.reference_v,
                description: format!("__NAME__: dip on box {}", m.box_id),
                request_data: true,
            });
        }
        state.last_good_ms = Some(m.timestamp_ms);
    }
}

makai::plugin!(configure);
