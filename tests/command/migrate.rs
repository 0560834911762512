use serde_json::Value;
use tests::both_databases;

use crate::shell::Shell;

both_databases!(run by crate::shell::run: a_schema_is_brought_up_to_date_and_told_of, a_schema_of_another_program_is_told_of);

fn check(shell: &Shell) -> (i32, Value, String) {
    let done = shell.run(&["migrate", "--check", "--json"]);
    (done.status, serde_json::from_str(&done.stdout).expect("one document"), done.stderr)
}

async fn a_schema_is_brought_up_to_date_and_told_of(shell: Shell) -> Shell {
    shell.database.execute("CREATE TABLE theirs (a INT)").await;
    let (status, before, why) = check(&shell);
    assert_eq!((status, &before["is_current"]), (1, &Value::Bool(false)));
    assert!(
        why.contains("migrations are missing\nApply what is missing with: origin migrate"),
        "{why}"
    );
    let missing = before["missing"].as_array().unwrap();
    assert_eq!(missing[0]["version"], 1);
    assert_eq!(missing[0]["description"], "users");
    assert_eq!(before["applied"], Value::Array(Vec::new()));
    let tables = if shell.database.url.starts_with("sqlite:") {
        "SELECT name FROM sqlite_schema WHERE type = 'table'"
    } else {
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()"
    };
    assert_eq!(shell.database.texts(tables).await, ["theirs"], "who checks changes nothing");

    let done = shell.json(&["migrate"]);
    assert_eq!((&done["is_current"], &done["applied"]), (&Value::Bool(true), &before["missing"]));
    let (status, after, why) = check(&shell);
    assert_eq!((status, after, why.as_str()), (0, done, ""));
    let people = shell.run(&["migrate"]).stdout;
    assert!(people.starts_with("0001  applied  users\n0002  applied  "), "{people}");
    shell
}

async fn a_schema_of_another_program_is_told_of(shell: Shell) -> Shell {
    shell.json(&["migrate"]);
    let hex = if shell.database.url.starts_with("sqlite:") { "x'00'" } else { "0x00" };
    for (change, told) in [
        (
            format!(
                "UPDATE _sqlx_migrations SET version = 9999, checksum = {hex} WHERE version = 3"
            ),
            "has migration 9999, which this program does not know",
        ),
        (
            format!(
                "UPDATE _sqlx_migrations SET version = 3, checksum = {hex} WHERE version = 9999"
            ),
            "migration 3 was applied in another text",
        ),
        (
            "UPDATE _sqlx_migrations SET success = 0 WHERE version = 4".to_owned(),
            "migration 4 was begun and not finished",
        ),
    ] {
        shell.database.execute(&change).await;
        let (status, schema, why) = check(&shell);
        assert_eq!((status, &schema["is_current"]), (1, &Value::Bool(false)), "{schema}");
        assert!(why.contains(told), "{why}");
        let applying = shell.run(&["migrate"]);
        assert_eq!(applying.status, 1, "nor is it gone on with: {applying:?}");
    }
    shell
}
