//! While an older program runs on beside this one, its statements hold; and a start that breaks off while the
//! schema is changed leaves each file done or not begun.

use std::{path::Path, time::Duration};

use origin::store::outbox::{self, Kind};
use tests::{TestApp, both_databases};

both_databases!(what_an_older_program_writes_is_taken_and_left_alone);

async fn what_an_older_program_writes_is_taken_and_left_alone(app: TestApp) {
    let at = "'2026-02-28 16:00:00.000'";
    for statement in [
        format!(
            "INSERT INTO login_attempts (attempt_key, failures, counted_at, open_tries, expires_at)
                 VALUES ('a', 0, {at}, 0, {at})"
        ),
        format!("UPDATE login_attempts SET open_tries = open_tries + 1, open_until = {at}"),
        format!(
            "INSERT INTO login_attempts (attempt_key, failures, counted_at, expires_at)
                 VALUES ('b', 0, {at}, {at})"
        ),
        format!(
            "INSERT INTO edge_outbox (kind, payload, available_at, created_at)
                 VALUES ('message_stored', '{{}}', {at}, {at})"
        ),
    ] {
        app.database.execute(&statement).await;
    }
    let open = "SELECT CAST(open_tries AS CHAR) FROM login_attempts ORDER BY attempt_key";
    assert_eq!(app.database.texts(open).await, ["1", "0"]);
    // Its shape is not ours.
    let mut tx = app.app.db.begin().await.unwrap();
    let now = app.app.ambient.now();
    for kinds in [Kind::CHAT.as_slice(), Kind::ALL.as_slice()] {
        let taken = outbox::take(tx.conn(), kinds, 9, Duration::from_secs(1), now).await.unwrap();
        assert!(taken.is_empty(), "{taken:?}");
    }
}

#[test]
fn mysql_changes_its_schema_by_one_statement_at_a_time() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/mysql");
    let mut looked_at = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        // Those before have landed.
        if name.as_str() < "0013" {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("--"));
        assert_eq!(code.filter(|line| line.contains(';')).count(), 1, "{name}");
        looked_at += 1;
    }
    assert!(looked_at >= 5, "{looked_at}");
}
