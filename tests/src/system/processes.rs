//! What a [`System`]'s processes and tables show from outside.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use super::System;

impl System {
    /// The memory that the edge's runtime holds (RSS), in bytes.
    ///
    /// # Panics
    /// Where the edge does not run.
    #[must_use]
    pub fn edge_memory(&self) -> u64 {
        let folder = self.folder.path().join("edge");
        let folder = folder.canonicalize().expect("the edge's folder");
        let of_edge = |process: &Path| {
            fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder)
                && fs::read_to_string(process.join("comm"))
                    .is_ok_and(|name| name.trim() == "workerd")
        };
        let processes = fs::read_dir("/proc").expect("the processes").flatten();
        let memory = processes
            .filter(|process| of_edge(&process.path()))
            .filter_map(|process| resident(&process.path()))
            .sum();
        assert!(memory > 0, "no workerd runs in {}", folder.display());
        memory
    }

    /// How often an object of the edge has woken, as its traces say (`TRACE_ROOMS=1`).
    #[must_use]
    pub fn wakes(&self, room: &str) -> usize {
        let log = self.edge_log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["message"] == format!("{room} wakes")).count()
    }

    /// The newest `seq` of each conversation, as the table of messages says.
    pub async fn last_seqs(&self) -> BTreeMap<i64, i64> {
        let query =
            "SELECT CAST(JSON_OBJECT('id', customer_service_session_id, 'seq', MAX(seq)) AS CHAR)
                     FROM chat_messages GROUP BY customer_service_session_id";
        let rows = self.texts(query).await;
        rows.iter()
            .map(|row| {
                let row: Value = serde_json::from_str(row).expect("a JSON object");
                (row["id"].as_i64().expect("a key"), row["seq"].as_i64().expect("a seq"))
            })
            .collect()
    }
}

fn resident(process: &Path) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}
