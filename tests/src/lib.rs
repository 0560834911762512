//! The test harness: an application a test, a database a test, users that come in by the router as
//! real ones do, and a clock that steps.

#![expect(
    clippy::missing_panics_doc,
    reason = "a harness says in one way that something is not as it must be: it panics"
)]

pub mod app;
pub mod backlog;
pub mod bench;
pub mod chat;
pub mod clock;
pub mod contract;
pub mod crowd;
pub mod database;
pub mod dice;
pub mod kill;
pub mod kv;
pub mod leaks;
pub mod metrics;
pub mod node_tests;
pub mod old;
pub mod plan;
pub mod reply;
pub mod revocations;
pub mod socket;
pub mod socket_io;
pub mod statements;
pub mod system;
pub mod template;
pub mod user;
pub mod wechat;

pub use app::{TestApp, run};
pub use database::Backend;
pub use reply::Reply;
pub use user::{Device, LoggedIn, TestUser};

/// Runs a story, `async fn name(app: TestApp)`, as a test on each database: `name::sqlite` and
/// `name::mysql`. Begun with `run by tests::system::run:`, stories are about a `System`.
#[macro_export]
macro_rules! both_databases {
    ($($story:ident),+ $(,)?) => {
        $crate::both_databases! { run by $crate::run: $($story),+ }
    };
    (run by $run:path: $($story:ident),+ $(,)?) => {
        $(mod $story {
            use $run as run;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run($crate::Backend::Sqlite, super::$story).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mysql() {
                run($crate::Backend::MySql, super::$story).await;
            }
        })+
    };
}
