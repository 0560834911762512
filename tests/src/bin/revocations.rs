//! How long the end of a session takes to reach the edge: from the admin's call to the tombstone in
//! KV and to the closed socket, through the real origin and edge; in calm, and with outages in the middle.
//! It fails where one is lost.

use std::time::Duration;

use clap::Parser;
use tests::{
    Backend,
    revocations::{Revocations, Seen, Weather},
    system::{System, run},
};

/// Ends sessions that have a socket open and prints how long it took until the edge had acted
#[derive(Parser)]
struct Args {
    /// Sessions to end
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    count: u16,

    /// Sessions that are ended at once
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=100))]
    at_once: u16,

    /// On the MySQL server of `TEST_MYSQL_URL` instead of SQLite
    #[arg(long)]
    mysql: bool,

    /// Without the outages: a fifth of the sessions end while the edge hangs and while it is gone, and
    /// the origin is killed each time
    #[arg(long)]
    calm: bool,
}

/// For how long the edge hangs or is gone, at least.
const OUTAGE: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let backend = if args.mysql { Backend::MySql } else { Backend::Sqlite };
    run(backend, move |system| measure(system, args)).await;
}

async fn measure(mut system: System, args: Args) {
    let (count, at_once) = (usize::from(args.count), usize::from(args.at_once));
    let in_outage = if args.calm { 0 } else { count / 10 };
    let in_flight = at_once.min(in_outage);
    let mut revocations = Revocations::prepare(&mut system, count).await;
    println!("{count} sockets are open; ending their sessions, {at_once} at once");
    let calm = count - 2 * in_outage;
    revocations.in_calm(calm / 2, at_once).await;
    if in_outage > 0 {
        revocations.while_the_edge_hangs(in_outage, in_flight, OUTAGE).await;
        revocations.while_the_edge_is_gone(in_outage, in_flight, OUTAGE).await;
    }
    revocations.in_calm(calm - calm / 2, at_once).await;
    let seen = revocations.prove().await;
    println!("all {} dead tokens are refused, with the true code", seen.len());
    for (weather, title) in [
        (Weather::Calm, "in calm"),
        (Weather::EdgeHangs, "while the edge hung and the origin was killed"),
        (Weather::EdgeGone, "while the edge was gone and the origin was killed"),
    ] {
        let some: Vec<_> = seen.iter().filter(|one| one.weather == weather).copied().collect();
        if !some.is_empty() {
            report(title, weather, &some);
        }
    }
}

fn report(title: &str, weather: Weather, seen: &[Seen]) {
    println!("{title}: {} ends", seen.len());
    let answered = seen.iter().filter_map(|one| one.answered).collect();
    print("the call is answered (its transaction has committed before)", answered);
    print("tombstone in KV", seen.iter().map(|one| one.buried).collect());
    if weather != Weather::Calm {
        let since_well = seen.iter().map(|one| one.buried_since_well).collect();
        print("tombstone in KV, from when both were well", since_well);
    }
    let (closed, refused): (Vec<&Seen>, Vec<&Seen>) = seen.iter().partition(|one| one.closed);
    print("socket closed", closed.iter().map(|one| one.told).collect());
    print("next handshake refused", refused.iter().map(|one| one.told).collect());
}

fn print(what: &str, mut times: Vec<Duration>) {
    if times.is_empty() {
        return;
    }
    times.sort();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100).saturating_sub(1)];
    println!(
        "  {what}: p50 {:?}, p90 {:?}, p99 {:?}, most {:?} ({} times)",
        at(50),
        at(90),
        at(99),
        at(100),
        times.len()
    );
}
