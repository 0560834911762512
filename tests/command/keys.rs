use serde_json::{Value, json};

use crate::shell::{arg, bare, finish};

#[test]
fn keys_are_made_listed_and_retired() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let run = |args: &[&str]| {
        let mut command = bare();
        command.arg("keys").args(args).args(["--jwt-keys-file", arg(&file), "--json"]);
        finish(command, "")
    };
    let answer = |args: &[&str]| -> Value {
        let done = run(args);
        assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{done:?}");
        serde_json::from_str(&done.stdout).expect("one document")
    };
    run(&["retire", "x"]).refused(3, "there is no file", "origin keys add");
    let first = answer(&["add"]);
    let kid = first["kid"].as_str().unwrap();
    assert_eq!(first["state"], "signs");
    let second = answer(&["add", "--algorithm", "es256"]);
    assert_eq!(second["state"], "published");
    let listed = answer(&["list"]);
    let states: Vec<_> =
        listed["keys"].as_array().unwrap().iter().map(|key| &key["state"]).collect();
    assert_eq!(states, ["signs", "published"]);
    assert_eq!(answer(&["public"])["keys"][0]["kid"], kid);
    run(&["retire", kid]).refused(4, "signs: add another first", "origin keys list");
    run(&["add", "--algorithm", "hs256"]).refused(4, "shared secret", "--edge-by-hand");
    assert_eq!(answer(&["retire", kid, "--force"]), json!({ "kid": kid, "retired": true }));
    assert_eq!(answer(&["list"])["keys"].as_array().unwrap().len(), 1);

    let mut command = bare();
    command.args(["keys", "generate"]);
    let made: Value = serde_json::from_str(&finish(command, "").stdout).expect("a key set");
    assert_eq!(made["keys"].as_array().unwrap().len(), 1);
}
