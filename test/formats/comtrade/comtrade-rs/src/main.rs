//! Reads COMTRADE recordings with the crate comtrade and prints what it found, a JSON document a line.
//! The crate reads the CFG of every variant, and of the data formats ASCII alone; values come as they stand in the file, unscaled.
use comtrade::ComtradeParser;
use serde_json::json;
use std::fs::File;
use std::io::BufReader;

fn main() {
    for path in std::env::args().skip(1) {
        let data = path.trim_end_matches(".cfg").to_string() + ".dat";
        let open = |name: &str| BufReader::new(File::open(name).expect("the file opens"));
        let parsed = ComtradeParser::new(None, Some(open(&path)), Some(open(&data)), None, None).parse();
        match parsed {
            Err(error) => println!("{}", json!({ "path": path, "error": format!("{error:?}") })),
            Ok(r) => println!(
                "{}",
                json!({
                    "path": path,
                    "station": r.station_name,
                    "device": r.recording_device_id,
                    "frequency": r.line_frequency,
                    "start": r.start_time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
                    "analog_ids": r.analog_channels.iter().map(|c| c.name.clone()).collect::<Vec<_>>(),
                    "units": r.analog_channels.iter().map(|c| c.units.clone()).collect::<Vec<_>>(),
                    "skews": r.analog_channels.iter().map(|c| c.skew).collect::<Vec<_>>(),
                    "status_ids": r.status_channels.iter().map(|c| c.name.clone()).collect::<Vec<_>>(),
                    "rates": r.sampling_rates.iter().map(|s| (s.rate_hz, s.end_sample_number)).collect::<Vec<_>>(),
                    "analog": r.analog_channels.iter()
                        .map(|c| c.data.iter().map(|x| x * c.multiplier + c.offset_adder).collect::<Vec<_>>())
                        .collect::<Vec<_>>(),
                    "status": r.status_channels.iter().map(|c| c.data.clone()).collect::<Vec<_>>(),
                })
            ),
        }
    }
}
