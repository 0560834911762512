//! Offers rows to the edge, and notes what it did with each.

use serde::Serialize;
use shared::{
    internal::{Events, EventsTaken},
    time::Timestamp,
};

use super::Way;
use crate::{edge_client::CallError, state::App};

/// What the edge did with rows that were offered to it, by key. What is in neither list waits, and is
/// not to blame: the edge, or a room, could not be reached.
#[derive(Default)]
pub(super) struct Offered {
    /// The edge has them.
    pub(super) taken: Vec<i64>,
    /// The edge will not have them.
    pub(super) refused: Vec<i64>,
    /// It could not be reached.
    pub(super) is_away: bool,
}

/// Offers a batch: as a whole, and one by one where the whole is refused.
pub(super) async fn offer<E: Serialize>(
    app: &App,
    way: Way,
    events: &[(i64, E)],
    now: Timestamp,
) -> Offered {
    let mut offered = Offered::default();
    let all: Vec<&(i64, E)> = events.iter().collect();
    match offer_some(app, way, &all, &mut offered, now).await {
        Ok(()) => {}
        // One of them may be at fault: each by itself, so that it keeps back nobody else's.
        Err(CallError::Refused(_)) => {
            for one in events {
                match offer_some(app, way, &[one], &mut offered, now).await {
                    Ok(()) => {}
                    Err(CallError::Refused(status)) => {
                        tracing::warn!(edge_outbox_id = one.0, %status, "the edge refuses an outbox row");
                        offered.refused.push(one.0);
                    }
                    Err(CallError::Unavailable(error)) => {
                        tracing::warn!(edge_outbox_id = one.0, "outbox: {error:#}");
                        offered.is_away = true;
                        // What comes after it does not overtake it.
                        if way.in_order {
                            break;
                        }
                    }
                }
            }
        }
        Err(CallError::Unavailable(error)) => {
            tracing::warn!("outbox: {error:#}; {} rows wait", events.len());
            offered.is_away = true;
        }
    }
    offered
}

async fn offer_some<E: Serialize>(
    app: &App,
    way: Way,
    some: &[&(i64, E)],
    offered: &mut Offered,
    now: Timestamp,
) -> Result<(), CallError> {
    let batch = Events { events: some.iter().map(|(_, event)| event).collect::<Vec<_>>() };
    let answer: EventsTaken = app.edge.post(way.path, &batch, now).await?;
    let (taken, left_out): (Vec<_>, Vec<_>) =
        some.iter().map(|(id, _)| *id).partition(|id| answer.taken.contains(id));
    offered.taken.extend(taken);
    if way.left_out_is_refused {
        offered.refused.extend(left_out);
    }
    Ok(())
}
