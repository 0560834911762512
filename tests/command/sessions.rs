use insta::assert_json_snapshot;
use serde_json::json;
use tests::both_databases;

use crate::shell::Shell;

both_databases!(run by crate::shell::run: sessions_are_found, a_session_is_ended_with_all_that_belongs_to_it, all_of_a_users_are_ended);

async fn sessions_are_found(shell: Shell) -> Shell {
    shell.demo();
    let all = shell.json(&["session", "list", "--user-id", "31", "--limit", "10", "--page", "2"]);
    assert_eq!(all["pagination"], json!({ "total": 63, "page": 2, "limit": 10, "total_pages": 7 }));
    let keys = |sessions: &serde_json::Value| -> Vec<i64> {
        let sessions = sessions["sessions"].as_array().unwrap().iter();
        sessions.map(|one| one["authentication_session_id"].as_i64().unwrap()).collect()
    };
    assert_eq!(keys(&all), (7019..=7028).rev().collect::<Vec<_>>());
    let live = shell.json(&["session", "list", "--state", "live"]);
    assert_eq!(keys(&live), [7038]);
    let shown = shell.json(&["session", "show", "7038"]);
    assert_json_snapshot!("show", shown, { ".session.last_activity" => "[time]", ".session.updated_at" => "[time]" });
    assert_eq!(shown["session"], live["sessions"][0]);
    for state in ["SESSION_REPLACED", "replaced"] {
        let some = shell.json(&[
            "session",
            "list",
            "--state",
            state,
            "--client-type",
            "mini_program",
            "--login-ip",
            "116.4.39.203",
            "--from",
            "2026-02-18T01:40:50+08:00",
        ]);
        assert_eq!(keys(&some), [7036, 7034, 7032, 7030]);
    }
    let table = shell.run(&["session", "list", "--state", "live"]).stdout;
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("SESSION  USER  CLIENT"), "{table}");
    assert!(lines[1].starts_with("7038     31    mini_program  live"), "{table}");
    assert_eq!(lines[3], "page 1 of 1, 1 in all");
    let token = &shell.database.texts("SELECT session_token FROM authentication_sessions WHERE authentication_session_id = 7038").await[0];
    let people = shell.run(&["session", "show", "7038"]).stdout;
    assert!(people.contains("state: live") && !people.contains(token), "{people}");
    shell
}

async fn a_session_is_ended_with_all_that_belongs_to_it(shell: Shell) -> Shell {
    shell.demo();
    let end = ["session", "end", "7038", "--reason", "lost phone", "--code", "SESSION_REVOKED"];
    assert_json_snapshot!("end", shell.json(&end));
    let audit = "SELECT CAST(detail AS CHAR) FROM audit_events WHERE event = 'session_ended' AND authentication_session_id = 7038 AND actor_user_id IS NULL";
    let audit = audit.replace(
        "CAST(detail AS CHAR)",
        if shell.database.url.starts_with("sqlite") { "detail" } else { "CAST(detail AS CHAR)" },
    );
    let details = shell.database.texts(&audit).await;
    let detail: serde_json::Value = serde_json::from_str(&details[0]).unwrap();
    assert_eq!(
        detail,
        json!({ "reason": "REVOKED", "by_session_id": null, "note": "operator: lost phone" })
    );
    let outbox = "SELECT kind FROM edge_outbox";
    assert_eq!(shell.database.texts(outbox).await, ["session_ended"], "the edge will be told");

    assert_json_snapshot!("end_again", shell.json(&end));
    assert_eq!(shell.database.texts(outbox).await.len(), 1, "once");
    assert_eq!(shell.database.texts(&audit).await.len(), 1, "once");
    let otherwise = ["session", "end", "7038", "--reason", "lost phone"];
    shell.run(&otherwise).refused(
        4,
        "had ended before: SESSION_REVOKED",
        "origin session show 7038",
    );
    let shown = shell.json(&["session", "show", "7038"]);
    assert_eq!(shown["session"]["state"], "REVOKED");
    shell
}

async fn all_of_a_users_are_ended(shell: Shell) -> Shell {
    shell.demo();
    let end = ["session", "end-all", "31", "--reason", "account taken over"];
    assert_json_snapshot!("end_all", shell.json(&end));
    assert_json_snapshot!("end_all_again", shell.json(&end));
    let events = "SELECT event FROM audit_events ORDER BY audit_event_id";
    assert_eq!(shell.database.texts(events).await, ["session_ended", "sessions_deactivated"]);
    assert_eq!(shell.database.texts("SELECT kind FROM edge_outbox").await, ["session_ended"]);
    shell
}
