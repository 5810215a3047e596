//! CUSUM of the voltage of each box: finds a small lasting shift of the mean that no threshold sees. A series, and an incident for each shift.

use makai::{Incident, Level, Measurement, Plugin, Quantity, Requests, Settings};
use std::collections::BTreeMap;

/// Before the first start the mean of this span is what a box's voltage is compared with, ms.
const HISTORY_MS: f64 = 600_000.0;

#[derive(Default)]
struct BoxState {
    /// of the history, to begin with
    sum: f64,
    count: f64,
    /// V RMS; none until the first measurement
    target: Option<f64>,
    /// sums of what is above and below the target by more than the slack, V
    high: f64,
    low: f64,
    /// when the larger of them left 0
    start_ms: f64,
}

impl BoxState {
    /// One measurement. Returns how far the sums are from 0: above it the voltage rose.
    fn add(&mut self, volts: f64, time_ms: f64, target: f64, slack: f64) -> f64 {
        let was_zero = self.high == 0.0 && self.low == 0.0;
        self.high = (self.high + volts - target - slack).max(0.0);
        self.low = (self.low + target - volts - slack).max(0.0);
        if was_zero {
            self.start_ms = time_ms;
        }
        if self.high >= self.low { self.high } else { -self.low }
    }
}

struct Cusum {
    slack_v: f64,
    limit_v: f64,
    /// targets that the settings give
    targets: BTreeMap<u32, f64>,
    boxes: BTreeMap<u32, BoxState>,
}

fn configure(settings: &mut Settings) -> Cusum {
    let slack_v = settings.number("slack_v", 0.5, 0.0..=100.0);
    let limit_v = settings.number("limit_v", 10.0, 0.1..=10_000.0);
    let mut targets = BTreeMap::new();
    for i in 0..settings.count("targets") {
        let id = settings.number(&format!("targets.{i}.box_id"), 0.0, 0.0..=4_294_967_295.0);
        let volts = settings.number(&format!("targets.{i}.volts"), 120.0, 1.0..=1000.0);
        targets.insert(id as u32, volts);
    }
    let boxes = read_state();
    let now_ms = makai::now_ms();
    for id in makai::recorded_boxes() {
        if !boxes.contains_key(&id) {
            makai::ask_history(id, now_ms - HISTORY_MS, now_ms);
        }
    }
    Cusum { slack_v, limit_v, targets, boxes }
}

/// What was kept: `id target high low start_ms;` for each box.
fn read_state() -> BTreeMap<u32, BoxState> {
    let mut boxes = BTreeMap::new();
    let kept = match makai::kept_state() {
        None => return boxes,
        Some(kept) => kept,
    };
    let text = String::from_utf8_lossy(&kept);
    makai::log(Level::Info, &format!("goes on with {text}"));
    for one in text.split(';') {
        let numbers: Vec<f64> = one.split(' ').filter_map(|word| word.parse().ok()).collect();
        if let [id, target, high, low, start_ms] = numbers[..] {
            let state = BoxState { target: Some(target), high, low, start_ms, ..BoxState::default() };
            boxes.insert(id as u32, state);
        }
    }
    boxes
}

impl Plugin for Cusum {
    fn history(&mut self, m: &Measurement, is_trend: bool) {
        if !is_trend && m.flags == 0 && !m.rms_average.is_nan() {
            let state = self.boxes.entry(m.box_id).or_default();
            state.sum += f64::from(m.rms_average);
            state.count += 1.0;
        }
    }

    fn measurement(&mut self, m: &Measurement, _now_ms: f64, _requests: &mut Requests) {
        let volts = f64::from(m.rms_average);
        if m.flags != 0 || volts.is_nan() {
            return; // a sag is found by others
        }
        let state = self.boxes.entry(m.box_id).or_default();
        let mean = if state.count > 0.0 { state.sum / state.count } else { makai::box_of(m.box_id).nominal_voltage };
        let given = self.targets.get(&m.box_id).copied();
        let target = given.unwrap_or_else(|| *state.target.get_or_insert(mean));
        state.target = Some(target);
        let sum = state.add(volts, m.timestamp_ms, target, self.slack_v);
        makai::record("cusum", m.box_id, m.timestamp_ms, sum);
        if sum.abs() <= self.limit_v {
            return;
        }
        makai::found(&Incident {
            class: "shift",
            quantity: Quantity::Voltage,
            box_id: m.box_id,
            start_ms: state.start_ms,
            end_ms: m.timestamp_ms,
            deviation: volts - target,
            description: &format!("{volts:.1} V instead of {target:.1} V"),
        });
        // from here on the new voltage is the usual one
        *state = BoxState { target: Some(volts), ..BoxState::default() };
    }

    fn tick(&mut self, _now_ms: f64, _requests: &mut Requests) {
        let mut text = String::new();
        for (id, state) in &self.boxes {
            if let Some(target) = state.target {
                text += &format!("{id} {target} {} {} {};", state.high, state.low, state.start_ms);
            }
        }
        if !makai::keep_state(text.as_bytes()) {
            makai::log(Level::Warn, "too many boxes: their sums are not kept");
        }
    }
}

makai::plugin!(configure);
