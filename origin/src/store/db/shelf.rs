//! Connections that were used a moment ago are handed on as they are.
//!
//! `sqlx` asks a connection whether it still holds when it is given back, by a task of its own, and again when it is
//! taken: more work than a small query. Here, one whose work has come to its end goes to the next caller at once. Any
//! other, whatever was broken off on it, goes back through `sqlx`; so does one that has rested for longer, and is
//! asked before it is used.

use std::{
    fmt,
    future::ready,
    ops::{Deref, DerefMut},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{Database, pool::PoolConnection};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError},
    time::{Instant, timeout},
};

/// After this long nobody can tell any more what has become of a connection.
const RESTED: Duration = Duration::from_secs(1);

/// A pool, and what lies ready in front of it.
pub(crate) struct Shelf<D: Database> {
    pool: sqlx::Pool<D>,
    /// One for each connection that there may be. Whoever holds one finds a connection here or in the pool.
    turns: Arc<Semaphore>,
    /// The longest wait for a turn.
    patience: Duration,
    ready: Mutex<Vec<Ready<D>>>,
}

/// What is worth a box.
pub(crate) type Later<T> = Pin<Box<dyn Future<Output = sqlx::Result<T>> + Send>>;

struct Ready<D: Database> {
    connection: PoolConnection<D>,
    since: Instant,
}

/// A connection in use. Dropped, it goes back through the pool, which looks whether it is well.
pub(crate) struct Held<D: Database> {
    // In this order: whose turn it is next finds it there, or on its way.
    connection: PoolConnection<D>,
    turn: OwnedSemaphorePermit,
    shelf: Arc<Shelf<D>>,
}

impl<D: Database> Shelf<D> {
    pub fn new(pool: sqlx::Pool<D>) -> Arc<Self> {
        let options = pool.options();
        let count = usize::try_from(options.get_max_connections()).unwrap_or(usize::MAX);
        Arc::new(Self {
            turns: Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS))),
            patience: options.get_acquire_timeout(),
            ready: Mutex::default(),
            pool,
        })
    }

    /// A connection, once it is one's turn.
    pub fn take(self: &Arc<Self>) -> Later<Held<D>> {
        let turn = match Arc::clone(&self.turns).try_acquire_owned() {
            Err(TryAcquireError::Closed) => return Box::pin(ready(Err(sqlx::Error::PoolClosed))),
            Err(TryAcquireError::NoPermits) => return Arc::clone(self).take_later(None),
            Ok(turn) => turn,
        };
        match self.just_used() {
            Some(connection) => {
                Box::pin(ready(Ok(Held { connection, turn, shelf: Arc::clone(self) })))
            }
            None => Arc::clone(self).take_later(Some(turn)),
        }
    }

    /// The same where something has to be waited for. Boxed: what the pool waits with is some thousand bytes, which
    /// every caller's future would hold and move about.
    fn take_later(self: Arc<Self>, turn: Option<OwnedSemaphorePermit>) -> Later<Held<D>> {
        Box::pin(async move {
            let turn = match turn {
                Some(turn) => turn,
                None => timeout(self.patience, Arc::clone(&self.turns).acquire_owned())
                    .await
                    .map_err(|_| sqlx::Error::PoolTimedOut)?
                    .map_err(|_| sqlx::Error::PoolClosed)?,
            };
            let connection = match self.just_used() {
                Some(connection) => connection,
                None => self.pool.acquire().await?,
            };
            Ok(Held { connection, turn, shelf: self })
        })
    }

    /// The pool behind it, for who works before anybody else does.
    pub fn behind(&self) -> &sqlx::Pool<D> {
        &self.pool
    }

    fn just_used(&self) -> Option<PoolConnection<D>> {
        let rested = {
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            match ready.pop()? {
                Ready { connection, since } if since.elapsed() <= RESTED => {
                    return Some(connection);
                }
                // Those beneath have rested longer yet.
                last => {
                    let mut rested = std::mem::take(&mut *ready);
                    rested.push(last);
                    rested
                }
            }
        };
        drop(rested);
        None
    }

    /// How many connections are open, and how many of them nobody uses.
    pub fn size(&self) -> (u32, usize) {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner).len();
        (self.pool.size(), self.pool.num_idle() + ready)
    }

    /// Closes every connection, once what is under way is done.
    pub async fn close(&self) {
        self.turns.close();
        let ready = std::mem::take(&mut *self.ready.lock().unwrap_or_else(PoisonError::into_inner));
        drop(ready);
        self.pool.close().await;
    }
}

impl<D: Database> Held<D> {
    /// Hands it on: all that was asked on it has been answered, and no transaction is open.
    pub fn done(self) {
        let Self { connection, turn, shelf } = self;
        if !shelf.turns.is_closed() {
            let ready = Ready { connection, since: Instant::now() };
            shelf.ready.lock().unwrap_or_else(PoisonError::into_inner).push(ready);
        }
        drop(turn);
    }

    /// The connection, and the turn that goes with it, for a transaction.
    pub fn into_parts(self) -> (PoolConnection<D>, OwnedSemaphorePermit) {
        (self.connection, self.turn)
    }
}

impl<D: Database> Deref for Held<D> {
    type Target = D::Connection;

    fn deref(&self) -> &D::Connection {
        &self.connection
    }
}

impl<D: Database> DerefMut for Held<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        &mut self.connection
    }
}

impl<D: Database> fmt::Debug for Shelf<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf")
            .field("turns", &self.turns.available_permits())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, sqlite::SqlitePoolOptions};

    use super::*;

    fn shelf(max: u32) -> Arc<Shelf<sqlx::Sqlite>> {
        let options = SqlitePoolOptions::new().max_connections(max);
        let options = options.acquire_timeout(Duration::from_millis(300));
        Shelf::new(options.connect_lazy("sqlite::memory:").unwrap())
    }

    async fn mark(held: &mut Held<sqlx::Sqlite>) {
        sqlx::query("CREATE TEMP TABLE mark (n INTEGER)").execute(&mut **held).await.unwrap();
    }

    async fn is_marked(held: &mut Held<sqlx::Sqlite>) -> bool {
        sqlx::query("SELECT n FROM mark").execute(&mut **held).await.is_ok()
    }

    #[tokio::test]
    async fn what_is_done_goes_to_the_next_one() {
        let shelf = shelf(2);
        let mut held = shelf.take().await.unwrap();
        mark(&mut held).await;
        held.done();
        assert_eq!(shelf.size(), (1, 1));
        let mut next = shelf.take().await.unwrap();
        assert!(is_marked(&mut next).await, "it is the same connection");
        assert_eq!(shelf.size(), (1, 0));
    }

    #[tokio::test]
    async fn nobody_starves_beside_what_lies_ready() {
        let shelf = shelf(1);
        for _ in 0..3 {
            shelf.take().await.unwrap().done();
            // Not done: it goes back through the pool, and the next one waits for that.
            drop(shelf.take().await.unwrap());
        }
        let held = shelf.take().await.unwrap();
        let late = shelf.take().await;
        assert!(matches!(late, Err(sqlx::Error::PoolTimedOut)), "there is one alone");
        let waiting = tokio::spawn({
            let shelf = Arc::clone(&shelf);
            async move { shelf.take().await.map(Held::done) }
        });
        tokio::task::yield_now().await;
        held.done();
        waiting.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn what_has_rested_is_looked_at_first() {
        let shelf = shelf(2);
        let mut held = shelf.take().await.unwrap();
        mark(&mut held).await;
        // As if the server had gone meanwhile.
        held.done();
        shelf.ready.lock().unwrap()[0].since -= RESTED + Duration::from_millis(1);
        let mut next = shelf.take().await.unwrap();
        assert!(next.ping().await.is_ok());
        assert!(shelf.ready.lock().unwrap().is_empty(), "it went through the pool");
    }

    #[tokio::test]
    async fn a_closed_shelf_gives_nothing_and_keeps_nothing() {
        let shelf = shelf(2);
        let (held, other) = (shelf.take().await.unwrap(), shelf.take().await.unwrap());
        other.done();
        let closing = tokio::spawn({
            let shelf = Arc::clone(&shelf);
            async move { shelf.close().await }
        });
        while !shelf.turns.is_closed() {
            tokio::task::yield_now().await;
        }
        held.done();
        closing.await.unwrap();
        assert!(matches!(shelf.take().await, Err(sqlx::Error::PoolClosed)));
        assert_eq!(shelf.size(), (0, 0));
    }
}
