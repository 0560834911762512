//! What an operator does at the command line, beside a running system.

use serde_json::{Value, json};
use shared::route;
use tests::{
    both_databases,
    system::{Door, System, settled},
};

both_databases!(run by tests::system::run: an_operators_changes_reach_open_sockets, a_token_is_inspected_as_the_edge_sees_it);

async fn answer(system: &System, args: &[&str], stdin: &str) -> Value {
    let out = system.operator(args, stdin).await.expect("the command succeeds");
    serde_json::from_str(&out).expect("JSON")
}

async fn an_operators_changes_reach_open_sockets(system: System) {
    for (command, close, code) in [
        (&["user", "set-password"][..], 4416, "PASSWORD_CHANGED"),
        (&["user", "set-role"], 4413, "SESSION_DEACTIVATED"),
        (&["user", "set-status"], 4419, "USER_INACTIVE"),
    ] {
        let mobile = format!("1391234{close}");
        let made = answer(
            &system,
            &[
                "user",
                "create",
                "--mobile",
                &mobile,
                "--nickname",
                "安娜",
                "--password-stdin",
                "--json",
            ],
            "a password of hers\n",
        )
        .await;
        assert_eq!(made["password"], Value::Null, "one that was given is not printed");
        let user_id = made["user_id"].to_string();
        let body =
            json!({ "mobile": mobile, "password": "a password of hers", "client_type": "app" });
        let reply =
            system.send(system.request(&Door::Edge, "POST", route::LOGIN).json(&body)).await;
        let client = tests::system::Client {
            token: reply.data()["access_token"].as_str().unwrap().to_owned(),
            refresh_token: reply.refresh_token().unwrap(),
            session_id: reply.data()["session"]["authentication_session_id"].as_i64().unwrap(),
            user_id: made["user_id"].as_i64().unwrap(),
        };
        let mut socket =
            system.socket(&Door::Edge, &client).await.expect("a socket").greeted().await;
        let shown = answer(&system, &["user", "show", &user_id, "--json"], "").await;
        assert_eq!(shown["sessions"][0]["authentication_session_id"], client.session_id);

        let to = match code {
            "PASSWORD_CHANGED" => None,
            "USER_INACTIVE" => Some("banned"),
            _ => Some("agent"),
        };
        let args: Vec<_> = command.iter().copied().chain([user_id.as_str()]).chain(to).collect();
        let done = answer(&system, &[&args[..], &["--json"]].concat(), "").await;
        assert_eq!(done["ended"], json!([client.session_id]), "{done}");
        assert_eq!(done["password"].is_string(), to.is_none(), "a new one is made up and shown");

        assert_eq!(socket.expect("session_invalidated").await["code"], code);
        assert_eq!(socket.closed().await, (close, code.to_owned()));
    }
    let (status, said) = system
        .operator(&["user", "create", "--mobile", "13912344419", "--nickname", "x"], "")
        .await
        .expect_err("the number is taken");
    assert!(status == 4 && said.contains("CONFLICT"), "{status} {said}");
    let weak = ["user", "create", "--mobile", "13900000001", "--nickname", "x", "--password-stdin"];
    let (status, said) = system.operator(&weak, "short\n").await.expect_err("a weak password");
    assert!(status == 4 && said.contains("password") && !said.contains("short"), "{said}");
    let (status, _) = system.operator(&["user", "set-role", "1", "king"], "").await.unwrap_err();
    assert_eq!(status, 2, "what the command line does not know");
    let listed = answer(&system, &["user", "list", "--status", "banned", "--json"], "").await;
    assert_eq!(listed["users"].as_array().unwrap().len(), 1);

    // The demo data tells of a day long past.
    let clean_up = ["cleanup", "--session-retention", "90d", "--audit-retention", "90d", "--json"];
    let dry = answer(&system, &[&clean_up[..], &["--dry-run"]].concat(), "").await;
    assert!(dry["removed"]["sessions"].as_u64().unwrap() > 0, "{dry}");
    let done = answer(&system, &clean_up, "").await;
    assert_eq!((&done["removed"], &done["dry_run"]), (&dry["removed"], &json!(false)));
    let again = answer(&system, &clean_up, "").await;
    let left = again["removed"].as_object().unwrap().values().filter(|count| **count != 0).count();
    assert_eq!(left, 0, "{again}");
}

async fn a_token_is_inspected_as_the_edge_sees_it(mut system: System) {
    let admin = system.admin().await;
    let client = system.user("mini_program", "phone-1").await;
    system.get(&Door::Edge, &client, route::MY_LISTINGS).await.ok();
    let by_api = async || {
        let body = json!({ "token": client.token });
        let reply = system.post(&Door::Edge, &admin, route::INSPECT_TOKEN, &body).await;
        reply.data().clone()
    };
    let edge = |account: &Value| account["checks"].as_array().unwrap()[13].clone();
    let live = by_api().await;
    assert_eq!(live["first_failure"], Value::Null, "{live}");
    assert_eq!((&edge(&live)["check"], &edge(&live)["ok"]), (&json!("edge"), &json!(true)));
    assert!(edge(&live)["detail"].as_str().unwrap().contains("KV: live, heard "), "{live}");
    let stdin = format!("{}\n", client.token);
    let by_command = answer(&system, &["token", "inspect", "--json"], &stdin).await;
    assert_eq!(by_command["first_failure"], Value::Null);
    assert_eq!(edge(&by_command)["ok"], true);

    system.post(&Door::Edge, &client, route::LOGOUT, &json!({})).await.ok();
    settled(&system).await;
    let dead = by_api().await;
    assert_eq!(dead["first_failure"], json!({ "check": "session", "code": "SESSION_LOGGED_OUT" }));
    assert_eq!(edge(&dead)["ok"], false, "{dead}");
    let detail = edge(&dead)["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("KV: dead, SESSION_LOGGED_OUT"), "{detail}");

    let (status, said) =
        system.operator(&["token", "inspect"], &stdin).await.expect_err("a dead session");
    assert!(status == 4 && said.contains("SESSION_LOGGED_OUT"), "{status} {said}");
    assert!(!said.contains(&client.token), "{said}");
    assert!(!system.origin_log().contains(&client.token));
    assert!(!system.edge_log().contains(&client.token));
    let unsigned = system
        .request(&Door::Edge, "POST", route::INTERNAL_SESSION_VIEW)
        .json(&json!({ "session": "a".repeat(64) }));
    system.send(unsigned).await.refused(403, "FORBIDDEN");

    system.kill_edge();
    let (_, said) = system.operator(&["token", "inspect"], &stdin).await.expect_err("still dead");
    assert!(said.contains("the edge could not be asked"), "the cause is told: {said}");
}
