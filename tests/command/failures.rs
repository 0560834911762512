//! How commands fail: one line what, one line the cure, a status that tells the kinds apart.

use tests::both_databases;

use crate::shell::{Shell, bare, finish};

both_databases!(run by crate::shell::run: a_failure_says_what_and_what_to_do, a_database_that_is_not_up_to_date_is_left_alone);

async fn a_failure_says_what_and_what_to_do(shell: Shell) -> Shell {
    shell.demo();
    shell.run(&["user", "create", "--email", "ana@example.com", "--nickname", "Ana"]);
    let user = "Look for the key with: origin user list";
    let session = "Look for it with: origin session list";
    let table: &[(&[&str], i32, &str, &str)] = &[
        (&["user", "show", "404"], 3, "there is no user 404", user),
        (&["user", "set-password", "404"], 3, "there is no user 404", user),
        (&["user", "set-role", "404", "agent"], 3, "there is no user 404", user),
        (&["user", "set-status", "404", "banned"], 3, "there is no user 404", user),
        (&["session", "show", "404"], 3, "there is no session 404", session),
        (&["session", "end", "404", "--reason", "x"], 3, "there is no session 404", session),
        (&["session", "end-all", "404", "--reason", "x"], 3, "there is no user 404", user),
        (&["keys", "retire", "404"], 3, "there is no key 404", "origin keys list"),
        (
            &["user", "create", "--email", "ana@example.com", "--nickname", "Ana"],
            4,
            "CONFLICT: the mobile number or e-mail address has an account already",
            "origin user list",
        ),
        (
            &["user", "create", "--mobile", "12", "--nickname", "Ana"],
            4,
            "mobile: ",
            "Say it otherwise",
        ),
        (
            &["session", "end", "7037", "--reason", "x"],
            4,
            "session 7037 had ended before: SESSION_REPLACED",
            "origin session show 7037",
        ),
        (
            &["user", "create", "--email", "b@example.com", "--nickname", "B", "--password-prompt"],
            2,
            "there is no terminal",
            "--password-stdin or --password-file",
        ),
        (
            &["session", "list", "--from", "2026-02-02T00:00:00Z", "--to", "2026-02-01T00:00:00Z"],
            2,
            "--to is before --from",
            "earlier one as --from",
        ),
        (&["token", "inspect"], 2, "there is no token", "origin token inspect < token.txt"),
        (
            &["seed", "synthetic", "--users", "5", "--sellers", "6"],
            2,
            "--sellers is more than --users",
            "fewer sellers",
        ),
        (
            &["seed", "synthetic", "--messages", "5"],
            2,
            "--messages without --conversations",
            "at least one",
        ),
    ];
    for (args, status, what, cure) in table {
        shell.run(args).refused(*status, what, cure);
        // Scripts are told the same way: a status, and nothing that would be taken for an answer.
        shell.run(&[args, &["--json"][..]].concat()).refused(*status, what, cure);
    }
    shell
}

async fn a_database_that_is_not_up_to_date_is_left_alone(shell: Shell) -> Shell {
    // There, and empty.
    shell.database.execute("CREATE TABLE theirs (a INT)").await;
    let table: &[&[&str]] = &[
        &["user", "list"],
        &["user", "create", "--email", "ana@example.com", "--nickname", "Ana"],
        &["session", "list"],
        &["session", "end", "1", "--reason", "x"],
        &["cleanup"],
    ];
    for args in table {
        shell.run(args).refused(4, "schema is not up to date", "origin migrate");
    }
    let done = shell.run(&["migrate", "--check"]);
    assert_eq!(done.status, 1, "{done:?}");
    shell
}

#[test]
fn a_database_that_is_not_there_is_a_status_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.db");
    for (url, cure) in [
        ("mysql://root:hunter2@127.0.0.1:1/x".to_owned(), "Check that it runs"),
        (format!("sqlite://{}", file.display()), "make it with: origin migrate"),
    ] {
        for args in
            [&["user", "list"][..], &["session", "list"], &["cleanup"], &["migrate", "--check"]]
        {
            let mut command = bare();
            command.args(args).env("DATABASE_URL", &url);
            let done = finish(command, "");
            done.refused(5, "", cure);
            assert!(!done.stderr.contains("hunter2"), "{}", done.stderr);
        }
    }
    assert!(!file.exists(), "who only asks makes no database");
}

#[test]
fn a_setting_that_is_missing_or_wrong_is_wrong_usage() {
    let run = |settings: &[(&str, &str)], args: &[&str]| {
        let mut command = bare();
        command.args(args).envs(settings.iter().copied());
        finish(command, "")
    };
    let missing = run(&[], &["user", "list"]);
    missing.refused(2, "DATABASE_URL is not set", "Set it to mysql://");
    let other = run(&[("DATABASE_URL", "postgres://u:hunter2@h/d")], &["user", "list"]);
    other.refused(2, "DATABASE_URL has another scheme", "Set it to mysql://");
    assert!(!other.stderr.contains("hunter2"), "{}", other.stderr);
    run(&[], &["keys", "public"]).refused(2, "JWT_KEYS_FILE is not set", "origin keys add");
    run(&[], &["keys", "add"]).refused(2, "JWT_KEYS_FILE is not set", "--jwt-keys-file");
    let weak = [("DATABASE_URL", "sqlite:///nowhere.db"), ("EDGE_TO_ORIGIN_KEY", "c2hvcnQ")];
    let weak = run(&weak, &["session", "end", "1", "--reason", "x"]);
    weak.refused(2, "EDGE_TO_ORIGIN_KEY has 5 bytes", "Make one with");
    assert!(!weak.stderr.contains("c2hvcnQ"), "{}", weak.stderr);
}

#[test]
fn what_is_not_understood_is_told_by_clap() {
    let table: &[&[&str]] = &[
        &["dance"],
        &["user", "set-role", "1", "king"],
        &["user", "create", "--nickname", "x"],
        &["user", "list", "--limit", "0"],
        &["session", "end", "1"],
        &["session", "end", "1", "--reason", " "],
        &["session", "end", "1", "--reason", "x", "--code", "SESSION_EXPIRED"],
        &["session", "list", "--state", "asleep"],
        &["session", "list", "--from", "yesterday"],
        &["session", "list", "--limit", "101"],
        &["seed", "synthetic", "--listings=-1"],
        &["seed", "synthetic", "--big-seller-listings", "5"],
        &["cleanup", "--session-retention", "1h"],
        &["completions", "tcsh"],
    ];
    for args in table {
        let mut command = bare();
        command.args(*args);
        let done = finish(command, "");
        assert_eq!((done.status, done.stdout.as_str()), (2, ""), "{args:?}: {done:?}");
        assert!(done.stderr.starts_with("error: "), "{args:?}: {}", done.stderr);
    }
    // Where someone takes a password for an argument, it is not shown again.
    for password in [&["--password=hunter2"][..], &["--password", "hunter2"]] {
        let mut command = bare();
        command.args(["user", "create", "--mobile", "1", "--nickname", "x"]).args(password);
        let done = finish(command, "");
        assert!(done.status == 2 && !done.stderr.contains("hunter2"), "{done:?}");
    }
}
