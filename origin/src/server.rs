//! Accepts connections, and stops so that nobody who was let in is left without an answer.

use std::{net::SocketAddr, pin::pin, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

/// How long connections without a call are kept once nothing is accepted any more: whoever uses theirs
/// meanwhile is answered, and told with the answer that it closes. To close at once would cut off calls
/// that are on their way.
const LINGER: Duration = Duration::from_secs(1);
/// The pause after a connection could not be accepted: too many are open, mostly.
const BREATH: Duration = Duration::from_millis(100);

/// How long a stop may take.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    /// Calls are accepted for so long after the word, while `/readyz` says that they should not come.
    pub drain: Duration,
    /// The longest wait for calls that are under way after that.
    pub timeout: Duration,
}

/// Answers calls until `told`; then cancels `stopping`, and finishes what is under way.
pub async fn run(
    listener: TcpListener,
    router: Router,
    told: impl Future<Output = ()>,
    stopping: &CancellationToken,
    stop: Stop,
) {
    let open = Open {
        router,
        tasks: TaskTracker::new(),
        close: CancellationToken::new(),
        cut: CancellationToken::new(),
    };
    open.accept_until(&listener, told).await;
    stopping.cancel();
    tracing::info!(connections = open.tasks.len(), drain = ?stop.drain, "told to stop");
    open.accept_until(&listener, sleep(stop.drain)).await;
    // Those that the system has let in for us already.
    open.accept_waiting(&listener).await;
    drop(listener);
    open.tasks.close();
    let done = timeout(stop.timeout, async {
        let _ = timeout(LINGER, open.tasks.wait()).await;
        open.close.cancel();
        open.tasks.wait().await;
    });
    if done.await.is_err() {
        tracing::error!(
            connections = open.tasks.len(),
            "calls take longer than STOP_TIMEOUT and are cut off"
        );
        open.close.cancel();
        open.cut.cancel();
        open.tasks.wait().await;
    }
}

/// The connections that are open.
struct Open {
    router: Router,
    tasks: TaskTracker,
    /// Each ends after the call that it is at.
    close: CancellationToken,
    /// Each ends now.
    cut: CancellationToken,
}

impl Open {
    async fn accept_until(&self, listener: &TcpListener, end: impl Future<Output = ()>) {
        let mut end = pin!(end);
        loop {
            tokio::select! {
                // First: a queue that is never empty must not keep the end away.
                biased;
                () = &mut end => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => self.serve(stream, peer),
                    Err(error) => {
                        tracing::warn!(%error, "a connection cannot be accepted");
                        tokio::select! {
                            () = &mut end => return,
                            () = sleep(BREATH) => {}
                        }
                    }
                },
            }
        }
    }

    async fn accept_waiting(&self, listener: &TcpListener) {
        // Zero time: what is not there at once is not waited for.
        while let Ok(Ok((stream, peer))) = timeout(Duration::ZERO, listener.accept()).await {
            self.serve(stream, peer);
        }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        // Small answers leave at once; where that cannot be had they are only later.
        let _ = stream.set_nodelay(true);
        let router = self.router.clone();
        let answer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request.map(Body::new))
        });
        let (close, cut) = (self.close.clone(), self.cut.clone());
        self.tasks.spawn(async move {
            let mut http = http1::Builder::new();
            // A head that does not come to its end within half a minute is given up.
            http.timer(TokioTimer::new());
            let mut connection = pin!(http.serve_connection(TokioIo::new(stream), answer));
            let done = tokio::select! {
                done = connection.as_mut() => done,
                () = close.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        done = connection => done,
                        () = cut.cancelled() => return,
                    }
                }
            };
            if let Err(error) = done {
                // A client that went away, or spoke no HTTP.
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
}
