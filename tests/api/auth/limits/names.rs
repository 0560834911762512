//! However an account's name is spelled, it has one budget.

use serde_json::json;
use shared::route;
use tests::{
    Reply, TestApp, both_databases,
    user::{PASSWORD, post},
};

use super::{WRONG, address, waits};

both_databases!(spellings_of_a_name_are_one_budget, names_that_nobody_has_are_refused_at_the_door);

/// A guess from an address of its own.
async fn guess(app: &TestApp, field: &str, name: &str, n: u32) -> Reply {
    let body = json!({ field: name, "password": WRONG });
    app.send(post(route::LOGIN, &body), address(n).parse().unwrap()).await
}

async fn spellings_of_a_name_are_one_budget(app: TestApp) {
    let ana = app.user("ana").await;
    let email = "bob@example.com";
    let bob = json!({ "email": email, "password": PASSWORD, "nickname": "bob" });
    app.send(post(route::REGISTER, &bob), [9, 9, 9, 9].into()).await.ok();
    for (field, name) in [("mobile", ana.mobile.as_str()), ("email", email)] {
        let mut through = 0;
        for n in 0..40 {
            let (before, after) = (" ".repeat(n % 2), [" ", "\t", "\u{3000}", ""][n % 4]);
            let spelling = format!("{before}{name}{}", after.repeat(n % 7));
            let reply = guess(&app, field, &spelling, u32::try_from(n).unwrap()).await;
            if reply.status == 401 {
                through += 1;
            } else {
                waits(&reply);
            }
        }
        assert_eq!(through, 20, "{field}: the account's free failures, and no more");
    }
}

async fn names_that_nobody_has_are_refused_at_the_door(app: TestApp) {
    let cases = [
        ("mobile", "136 1222 7930"),
        ("mobile", "13612227930\u{200b}"),
        ("mobile", "１３６１２２２７９３０"),
        ("mobile", "13612227930\0"),
        ("mobile", "   "),
        ("email", "bob@exämple.com"),
        ("email", "\u{feff}bob@example.com"),
        ("email", "   "),
    ];
    for (field, name) in cases {
        guess(&app, field, name, 0).await.refused_field(field);
    }
}
