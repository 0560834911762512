use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    background,
    clock::Ambient,
    config::{Config, DatabaseConfig, Operation, ServeArgs},
    router::{metrics_router, router},
    server::{self, Stop},
    state::App,
    store::Db,
};

/// Answers calls until told to stop; then finishes what is in flight.
pub async fn serve(args: ServeArgs) -> anyhow::Result<()> {
    super::log(args.log_format, "info");
    let config = Config::try_from(args)?;
    let listen = config.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("cannot listen on {listen}; choose another address with ORIGIN_LISTEN")
    })?;
    let metrics = match config.operation.metrics_listen {
        None => None,
        Some(listen) => Some(TcpListener::bind(listen).await.with_context(|| {
            format!("cannot listen on {listen}; choose another address with METRICS_LISTEN")
        })?),
    };
    let db = open(&config.database, &config.operation).await?;
    let stop = Stop { drain: config.operation.stop_drain, timeout: config.operation.stop_timeout };
    let app = App::new(config, db.clone(), Ambient::system())?;

    if app.wechat.is_none() {
        tracing::info!("log-in by WeChat is off: WECHAT_APP_ID is not set");
    }

    let (end, tasks) = (CancellationToken::new(), TaskTracker::new());
    background::spawn(&app, &tasks, &end);
    if let Some(listener) = metrics {
        tracing::info!(address = %listener.local_addr()?, "metrics alone");
        let (router, end) = (metrics_router(app.clone()), end.clone());
        let stop = Stop { drain: std::time::Duration::ZERO, ..stop };
        let unheard = CancellationToken::new();
        tasks.spawn(async move {
            server::run(listener, router, end.cancelled(), &unheard, stop).await;
        });
    }
    tracing::info!(address = %listener.local_addr()?, "listening");
    server::run(listener, router(app.clone()), told_to_stop(), &app.stopping, stop).await;

    tracing::info!("stopping: calls are done, finishing background work");
    end.cancel();
    tasks.close();
    if tokio::time::timeout(stop.timeout, tasks.wait()).await.is_err() {
        tracing::error!(
            "background work takes longer than STOP_TIMEOUT and is left; what it had taken is taken again"
        );
        return Ok(());
    }
    db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Brings the schema up to date, by a connection that may take its time, and opens the pools.
async fn open(database: &DatabaseConfig, operation: &Operation) -> anyhow::Result<Db> {
    let migrating = DatabaseConfig { max_connections: 1, ..database.clone() };
    super::open(migrating).await?.close().await;
    let limits = operation.pool(database);
    let db = Db::connect_within(&database.url, database.zone, limits)
        .await
        .context("cannot reach the database of DATABASE_URL")?;
    let Some(url) = &operation.read_url else { return Ok(db) };
    // Its error may hold the URL, and that a password.
    let db = db.with_replica(url, limits).map_err(|_| {
        anyhow::anyhow!("DATABASE_READ_URL is no URL of a database. Set it to mysql://user:password@host:3306/name")
    })?;
    if db.look_at_replica().await == Some(false) {
        tracing::warn!("the read replica cannot be used yet; the primary is read meanwhile");
    }
    Ok(db)
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without a handler SIGTERM ends the process by itself.
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
