use serde_json::json;
use shared::route;
use tests::{
    both_databases,
    system::{Door, System},
};

both_databases!(run by tests::system::run: the_demo_users_listings_are_counted_through_the_edge);

async fn the_demo_users_listings_are_counted_through_the_edge(system: System) {
    let user = system.user("mini_program", "phone-1").await;
    assert_eq!(user.user_id, 31);
    let counts =
        json!({ "on_sale": 3, "locked": 9, "sold": 16, "withdrawn": 237, "admin_withdrawn": 0 });
    for (query, total) in [("", 265), ("?status=withdrawn", 237), ("?status=on_sale", 3)] {
        let path = format!("{}{query}", route::MY_LISTINGS);
        let through = system.get(&Door::Edge, &user, &path).await;
        assert_eq!(through.data()["pagination"]["total"], total, "{query}");
        assert_eq!(through.data()["status_counts"], counts, "{query}");
        let direct = system.get(&Door::Origin, &user, &path).await;
        assert_eq!(through.data(), direct.data(), "the edge changes nothing");
    }
    // The request id is one, from the edge to the origin's log.
    let reply = system.get(&Door::Edge, &user, route::MY_LISTINGS).await;
    let request_id = reply.headers["x-request-id"].to_str().unwrap();
    assert!(system.origin_log().contains(request_id));
    // And no token is in any log.
    assert!(!system.origin_log().contains(&user.token));
    assert!(!system.edge_log().contains(&user.token));
}
