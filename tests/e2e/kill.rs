//! The origin is killed while it works: ten times here, fifty by `cargo xtask soak --only kill`.

use tests::{both_databases, kill, system::System};

both_databases!(run by tests::system::run: nothing_half_true_is_left);

async fn nothing_half_true_is_left(system: System) {
    match kill::run(system, 10, 1).await {
        Ok(figures) => println!("{figures:?}"),
        Err(problems) => panic!("{problems}"),
    }
}
