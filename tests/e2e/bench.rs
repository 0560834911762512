//! `cargo xtask bench`: a cheap case of it, by the programs that the suite has built.

use std::process::ExitCode;

use serde_json::Value;
use xtask::bench::{Options, Programs, run_with};

#[test]
fn a_case_is_measured_and_written_down() {
    let out = tempfile::tempdir().unwrap();
    let programs =
        Programs { origin: xtask::origin_binary(), bench: env!("CARGO_BIN_EXE_bench").into() };
    let done = run_with(&Options::quick(&["edge size"], out.path()), programs).unwrap();
    assert_eq!(format!("{done:?}"), format!("{:?}", ExitCode::SUCCESS));

    let read = |name: &str| std::fs::read_to_string(out.path().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("bench.json")).unwrap();
    for fact in ["cpu", "kernel", "workerd", "node", "database"] {
        assert!(report["facts"][fact].as_str().is_some_and(|fact| fact.len() > 3), "{report}");
    }
    let rows = report["rows"].as_array().unwrap();
    let row = |case: &str| rows.iter().find(|row| row["case"] == case).unwrap();
    let bundle = row("edge bundle");
    let built = std::fs::metadata(xtask::edge_dir().join("index_bg.wasm")).unwrap().len();
    let built = f64::from(u32::try_from(built).unwrap());
    let gzipped = bundle["ours"]["median"].as_f64().unwrap();
    assert!((50_000.0..built).contains(&gzipped), "{bundle}");
    assert_eq!(bundle["unit"], "bytes");
    assert!(bundle["is_met"].is_boolean() && bundle["other"].is_null(), "{bundle}");
    let start = row("edge start-up");
    assert_eq!(start["ours"]["rounds"].as_array().unwrap().len(), 6);
    assert!(read("bench.svg").starts_with("<svg "));
}
