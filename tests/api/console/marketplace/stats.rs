use insta::assert_json_snapshot;
use origin::{
    clock::Ambient,
    seed::{self, DemoPasswords},
    store::listing_counts::{fold, install},
};
use shared::{route, user::Role};
use tests::{Device, TestApp, both_databases, user::PASSWORD};

both_databases!(the_whole_table_is_counted, nobody_but_admins_sees_it);

async fn the_whole_table_is_counted(app: TestApp) {
    let passwords = DemoPasswords {
        demo_user_password: PASSWORD.into(),
        demo_agent_password: PASSWORD.into(),
        demo_admin_password: PASSWORD.into(),
    };
    let ambient = Ambient::new(app.clock.clone(), origin::clock::SystemEntropy);
    seed::demo(&app.app.db, &ambient, &passwords).await.unwrap();
    let boss = app.staff("boss", Role::Admin).await.log_in(Device::browser("desk")).await;
    let counted = boss.get(route::CONSOLE_LISTING_STATS).await;
    assert_json_snapshot!("stats", counted.data());
    install(&app.app.db, app.app.ambient.now()).await.unwrap();
    assert_eq!(boss.get(route::CONSOLE_LISTING_STATS).await.data(), counted.data());
    let sold = "UPDATE market_listings SET status = 'sold' WHERE status = 'locked'";
    app.database.execute(sold).await;
    for _ in 0..2 {
        let stats = boss.get(route::CONSOLE_LISTING_STATS).await;
        let counts = &stats.data()["status_counts"];
        assert_eq!((&counts["locked"], &counts["sold"]), (&0.into(), &26.into()));
        assert_eq!(stats.data()["total"], 288);
        fold(&app.app.db, 1000).await.unwrap();
    }
}

async fn nobody_but_admins_sees_it(app: TestApp) {
    let ana = app.user("ana").await.log_in(Device::phone("phone-1")).await;
    let wang = app.staff("wang", Role::Agent).await.log_in(Device::browser("2")).await;
    for path in [route::CONSOLE_LISTING_STATS, route::CONSOLE_LISTINGS] {
        ana.get(path).await.refused(403, "FORBIDDEN");
        wang.get(path).await.refused(403, "FORBIDDEN");
    }
    ana.with_token("x".into())
        .get(route::CONSOLE_LISTING_STATS)
        .await
        .refused(401, "TOKEN_MALFORMED");
}
