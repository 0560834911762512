use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    background,
    clock::Ambient,
    config::{Config, ServeArgs},
    router::router,
    state::App,
};

/// Answers calls until told to stop; then finishes what is in flight.
pub async fn serve(args: ServeArgs) -> anyhow::Result<()> {
    super::log(args.log_format, "info");
    let config = Config::try_from(args)?;
    let listen = config.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("cannot listen on {listen}; choose another address with ORIGIN_LISTEN")
    })?;
    let db = super::open(config.database.clone()).await?;
    let app = App::new(config, db.clone(), Ambient::system())?;

    if app.wechat.is_none() {
        tracing::info!("log-in by WeChat is off: WECHAT_APP_ID is not set");
    }

    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    background::spawn(&app, &tasks, &stop);
    tracing::info!(address = %listener.local_addr()?, "listening");
    axum::serve(listener, router(app).into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(told_to_stop())
        .await?;

    tracing::info!("stopping: calls are done, finishing background work");
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    db.close().await;
    Ok(())
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
