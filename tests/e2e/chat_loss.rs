//! Nothing is lost: a tenth of the whole size, with three seeds. `cargo xtask soak` runs the whole.

use tests::{
    Backend,
    chat::loss::{self, Database, Plan, Size},
    system::{System, run},
};

async fn nothing_is_lost(mut system: System, seed: u64) {
    let database = Database::of(&mut system).await;
    match loss::run(system, database, Plan::draw(seed, Size::SUITE)).await {
        Ok(figures) => println!("seed {seed}: {figures:?}"),
        Err(problems) => panic!("{problems}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seed_1_on_sqlite() {
    run(Backend::Sqlite, |system| nothing_is_lost(system, 1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seed_2_on_mysql() {
    run(Backend::MySql, |system| nothing_is_lost(system, 2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seed_3_on_mysql() {
    run(Backend::MySql, |system| nothing_is_lost(system, 3)).await;
}
