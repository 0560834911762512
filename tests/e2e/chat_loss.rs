//! Nothing is lost: a tenth of the whole size, with three seeds, raw clients everywhere and clients of Socket.IO on
//! either side. `cargo xtask soak` runs the whole.

use tests::{
    Backend,
    chat::loss::{self, Database, Plan, Size, SocketIo},
    system::{System, run},
};

async fn nothing_is_lost(mut system: System, seed: u64, socket_io: SocketIo) {
    let database = Database::of(&mut system).await;
    if socket_io != SocketIo::Nobody {
        // A server that is silent is one that is gone: here it is the server that begins a heartbeat.
        system.restart_edge_with(&[("SOCKET_IO_PING_INTERVAL_MS", "5000")]);
    }
    match loss::run(system, database, Plan::draw(seed, Size::SUITE).with(socket_io)).await {
        Ok(figures) => println!("seed {seed}: {figures:?}"),
        Err(problems) => panic!("{problems}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seed_1_on_sqlite() {
    run(Backend::Sqlite, |system| nothing_is_lost(system, 1, SocketIo::Nobody)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seed_2_on_mysql_with_users_of_socket_io() {
    run(Backend::MySql, |system| nothing_is_lost(system, 2, SocketIo::Users)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seed_3_on_mysql_with_agents_of_socket_io() {
    run(Backend::MySql, |system| nothing_is_lost(system, 3, SocketIo::Agents)).await;
}
