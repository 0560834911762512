use insta::assert_json_snapshot;
use serde_json::Value;
use tests::both_databases;

use crate::shell::{Shell, arg, finish};

both_databases!(run by crate::shell::run: accounts_are_made_listed_and_shown, a_password_comes_from_where_nobody_looks);

const CREATE: [&str; 6] = ["user", "create", "--mobile", "13912345678", "--nickname", "安娜"];

async fn accounts_are_made_listed_and_shown(shell: Shell) -> Shell {
    shell.demo();
    let made = shell.json(&[&CREATE[..], &["--role", "agent"]].concat());
    assert_json_snapshot!("create", made, { ".password" => "[password]" });
    let user_id = made["user_id"].to_string();
    let times = |mut value: Value| {
        for at in ["created_at", "updated_at"] {
            value[at] = "[time]".into();
        }
        value
    };
    let shown = shell.json(&["user", "show", &user_id]);
    assert_json_snapshot!("show", times(shown["user"].clone()));
    let of_demo = shell.json(&["user", "show", "31"]);
    assert_eq!(of_demo["sessions"].as_array().unwrap().len(), 1);
    assert_json_snapshot!("show_sessions", of_demo["sessions"], { "[].last_activity" => "[time]" });
    let listed = shell.json(&["user", "list", "--role", "agent"]);
    let ids: Vec<_> =
        listed["users"].as_array().unwrap().iter().map(|user| &user["user_id"]).collect();
    assert_eq!(ids, [2, made["user_id"].as_i64().unwrap()]);

    let role = shell.json(&["user", "set-role", "31", "agent"]);
    assert_json_snapshot!("set_role", role);
    assert_json_snapshot!("set_role_again", shell.json(&["user", "set-role", "31", "agent"]));
    assert_json_snapshot!("set_status", shell.json(&["user", "set-status", "31", "banned"]));
    let set = shell.json(&["user", "set-password", "31"]);
    assert_json_snapshot!("set_password", set, { ".password" => "[password]" });

    let table = shell.run(&["user", "list", "--status", "banned"]);
    assert_eq!(
        table.stdout,
        "USER  ROLE   STATUS  ACCOUNT      NICKNAME\n31    agent  banned  13612227930  小明\n"
    );
    shell
}

async fn a_password_comes_from_where_nobody_looks(shell: Shell) -> Shell {
    shell.demo();
    let with = |extra: &[&str], stdin: &str| {
        finish(shell.command(&[&CREATE[..], extra, &["--json"]].concat()), stdin)
    };
    let weak = with(&["--password-stdin"], "hunter2\n");
    weak.refused(4, "password", "");
    assert!(!weak.stderr.contains("hunter2"), "{}", weak.stderr);
    let common = shell.file("common.txt", "password1234\n");
    let weak = with(&["--password-file", arg(&common)], "");
    weak.refused(4, "too easy to guess", "let one be made up");
    assert!(!weak.stderr.contains("password1234"), "{}", weak.stderr);
    let both = with(&["--password-stdin", "--password-file", arg(&common)], "");
    assert_eq!(both.status, 2, "one of them: {both:?}");
    let none = with(&["--password-file", "/nowhere/at/all"], "");
    assert!(none.status == 1 && none.stderr.contains("/nowhere/at/all"), "{none:?}");

    let good = shell.file("good.txt", "three words of hers\n");
    let made = with(&["--password-file", arg(&good)], "");
    let made: Value = serde_json::from_str(&made.stdout).expect("an account");
    assert_eq!(made["password"], Value::Null, "one that was given is not printed");
    let hash =
        shell.database.texts("SELECT password_hash FROM users WHERE mobile = '13912345678'").await;
    assert!(hash[0].starts_with("$argon2id$"), "{hash:?}");
    shell
}
