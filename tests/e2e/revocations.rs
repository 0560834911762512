//! No end of a session is lost, whoever dies in the middle.

use std::time::Duration;

use tests::{
    both_databases,
    revocations::{Revocations, Weather},
    system::System,
};

both_databases!(run by tests::system::run: ends_in_an_outage_of_edge_and_origin_all_reach_the_edge);

async fn ends_in_an_outage_of_edge_and_origin_all_reach_the_edge(mut system: System) {
    let mut revocations = Revocations::prepare(&mut system, 40).await;
    revocations.in_calm(8, 2).await;
    revocations.while_the_edge_hangs(12, 2, Duration::from_secs(1)).await;
    revocations.while_the_edge_is_gone(12, 2, Duration::from_secs(1)).await;
    revocations.in_calm(8, 2).await;
    let seen = revocations.prove().await;
    let ends = |weather, closed| {
        seen.iter().filter(|one| (one.weather, one.closed) == (weather, closed)).count()
    };
    assert_eq!(seen.len(), 40);
    assert_eq!((ends(Weather::Calm, true), ends(Weather::EdgeHangs, true)), (16, 12));
    assert_eq!(ends(Weather::EdgeGone, false), 12);
}
