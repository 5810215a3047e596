//! Judges weeks of values as crate oxigrid does: a JSON list of { hz, volts_pu, hertz, thd_percent } on stdin, a list of verdicts on stdout.
use oxigrid::powerquality::standards_compliance::{En50160Checker, Ieee519Checker};
use serde_json::{json, Value};

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn main() {
    let weeks: Vec<Value> = serde_json::from_reader(std::io::stdin()).expect("a JSON list");
    let results: Vec<Value> = weeks
        .iter()
        .map(|week| {
            let checker = En50160Checker::new(0.12, week["hz"].as_f64().expect("hz"), 7);
            let voltage = checker.check_voltage_magnitude(&numbers(&week["volts_pu"]));
            let frequency = checker.check_frequency(&numbers(&week["hertz"]));
            let thd = checker.check_thd(&numbers(&week["thd_percent"]));
            json!({
                "within_10": voltage.pct_within_10_pct,
                "within_15": voltage.pct_within_15_pct,
                "voltage_95": voltage.compliant_95_pct,
                "voltage_100": voltage.compliant_100_pct,
                "normal_band": frequency.pct_in_normal_band,
                "extended_band": frequency.pct_in_extended_band,
                "frequency": frequency.compliant,
                "thd_within": thd.pct_within_limit,
                "thd": thd.compliant,
                "ieee519_thd_limit": Ieee519Checker::new(0.12, 50.0).voltage_thd_limit_pct(),
            })
        })
        .collect();
    println!("{}", serde_json::to_string(&results).expect("JSON"));
}
