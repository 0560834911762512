//! How much a drain of long past rows slows what people do: refreshes and log-ins go on all the time,
//! with the drain beside them and without it by turns.
//!
//! `cargo run -p tests --bin drain -- --rows 1000000 --backend mysql` (a server in `TEST_MYSQL_URL`)

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use clap::{Parser, ValueEnum};
use origin::{
    background::cleanup::{Cleanup, Removed},
    clock::{Ambient, Clock as _},
    sessions::tokens::begin_family,
    store::{
        self,
        sessions::{Device as SessionDevice, NewSession, Risk},
        users::NewUser,
    },
};
use shared::user::{ClientType, Role, UserType};
use tests::{Backend, Device, TestApp, backlog};

/// How long the drain runs before it rests.
const WITH: Duration = Duration::from_secs(2);
/// How long it rests.
const WITHOUT: Duration = Duration::from_secs(1);
/// How often it tells how it stands: it may take an hour.
const TELL_EVERY: Duration = Duration::from_mins(5);
/// Sessions that are refreshed all the time: so many that none comes to the limit of a session.
const SESSIONS: usize = 4_000;
/// Who refresh them.
const WORKERS: usize = 4;
const DAY: Duration = Duration::from_hours(24);

/// Measures what a drain costs those who log in and refresh
#[derive(Parser)]
struct Args {
    /// Expired rows to drain: a fifth sessions, the rest their refresh tokens
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,

    /// The database, which is made for this and removed
    #[arg(long, value_enum)]
    backend: Which,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Mysql,
    Sqlite,
}

/// What was done in windows of one kind.
#[derive(Default)]
struct Done {
    refreshes: AtomicU64,
    log_ins: AtomicU64,
    millis: AtomicU64,
}

#[derive(Default)]
struct Scene {
    is_draining: AtomicBool,
    is_over: AtomicBool,
    with: Done,
    without: Done,
}

impl Scene {
    fn now(&self) -> &Done {
        if self.is_draining.load(Ordering::SeqCst) { &self.with } else { &self.without }
    }
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let backend = match args.backend {
        Which::Mysql => Backend::MySql,
        Which::Sqlite => Backend::Sqlite,
    };
    tests::run(backend, async move |app: TestApp| measure(Arc::new(app), args.rows).await).await;
}

async fn measure(app: Arc<TestApp>, rows: u64) {
    let real = Ambient::system();
    app.clock.step(real.now().since(app.clock.now()));
    let ended_at = real.now().minus(100 * DAY);
    backlog::fill(&app.database.url, 0, rows / (1 + backlog::TOKENS_A_SESSION), ended_at).await;
    println!("{} expired rows are there", total(backlog::left(&app.database.url).await));
    let tokens = open_sessions(&app).await;

    let scene = Arc::new(Scene::default());
    let mut workers: Vec<_> = tokens
        .chunks(SESSIONS / WORKERS)
        .map(|own| tokio::spawn(refresh(Arc::clone(&app), Arc::clone(&scene), own.to_vec())))
        .collect();
    workers.push(tokio::spawn(log_in(Arc::clone(&app), Arc::clone(&scene))));
    let clock = tokio::spawn(keep_time(Arc::clone(&app), Arc::clone(&scene)));
    let drain = std::thread::spawn({
        let (app, scene) = (Arc::clone(&app), Arc::clone(&scene));
        move || drain(&app, &scene)
    });
    turns(&scene).await;
    for worker in workers {
        worker.await.expect("a worker ends well");
    }
    clock.await.expect("the clock ends well");
    let (removed, batches, largest) = drain.join().expect("the drain ends well");
    report(&scene, removed, batches, largest);
    println!("{} expired rows are left", total(backlog::left(&app.database.url).await));
}

fn total((sessions, tokens): (i64, i64)) -> i64 {
    sessions + tokens
}

/// Sessions and their first refresh tokens, without the passwords that a log-in would hash.
async fn open_sessions(app: &TestApp) -> Vec<String> {
    let now = app.clock.now();
    let mut tokens = Vec::new();
    for n in 0..SESSIONS {
        let mut tx = app.app.db.begin().await.expect("a transaction");
        let user = NewUser {
            user_id: None,
            mobile: None,
            email: Some(&format!("{n}@example.com")),
            nickname: "x",
            password_hash: None,
            role: Role::User,
        };
        let user_id = store::users::insert(tx.conn(), &user, now).await.expect("a user");
        let new = NewSession {
            authentication_session_id: None,
            session_token: &format!("open-{n}"),
            user_type: UserType::User,
            user_id,
            client_type: ClientType::App,
            expires_at: now.plus(30 * DAY),
            device: &SessionDevice::default(),
            current_jti: None,
            risk: &Risk::default(),
        };
        let id = store::sessions::insert(tx.conn(), &new, now).await.expect("a session");
        let session =
            store::sessions::lock(tx.conn(), id).await.expect("an answer").expect("a row");
        let token = begin_family(&app.app, &mut tx, &session, now).await.expect("a family").token;
        tx.commit().await.expect("a commit");
        tokens.push(token);
    }
    tokens
}

async fn refresh(app: Arc<TestApp>, scene: Arc<Scene>, mut tokens: Vec<String>) {
    while !scene.is_over.load(Ordering::SeqCst) {
        for token in &mut tokens {
            let refreshed = app.refresh(token).await;
            let Some(successor) = refreshed.refresh_token() else {
                panic!("no successor: {refreshed:?}");
            };
            *token = successor;
            scene.now().refreshes.fetch_add(1, Ordering::SeqCst);
        }
    }
}

async fn log_in(app: Arc<TestApp>, scene: Arc<Scene>) {
    let ana = app.user("ana").await;
    while !scene.is_over.load(Ordering::SeqCst) {
        ana.log_in(Device::phone("phone-1")).await;
        scene.now().log_ins.fetch_add(1, Ordering::SeqCst);
    }
}

/// The application's clock goes as the real one does.
async fn keep_time(app: Arc<TestApp>, scene: Arc<Scene>) {
    let real = Ambient::system();
    while !scene.is_over.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        app.clock.step(real.now().since(app.clock.now()));
    }
}

/// Drains as a process of its own would: another pool, another runtime. Between batches it waits while
/// it is not its turn.
fn drain(app: &TestApp, scene: &Scene) -> (Removed, u64, u64) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (mut batches, mut largest) = (0, 0);
    let removed = runtime.block_on(async {
        let db = app.database.connect().await;
        let ambient = Ambient::system();
        let cleanup = Cleanup { db: &db, ambient: &ambient, retention: app.app.policy.retention };
        wait_for_turn(scene);
        let after_batch = |rows: u64, _| {
            batches += 1;
            largest = rows.max(largest);
            wait_for_turn(scene);
        };
        let removed = cleanup.drain(after_batch).await.expect("the drain goes through");
        db.close().await;
        removed
    });
    scene.is_over.store(true, Ordering::SeqCst);
    (removed, batches, largest)
}

fn wait_for_turn(scene: &Scene) {
    while !scene.is_draining.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Windows with and without the drain, by turns, until there is nothing left.
async fn turns(scene: &Scene) {
    let real = Ambient::system();
    let mut told_at = real.now();
    while !scene.is_over.load(Ordering::SeqCst) {
        let begun = real.now();
        let is_draining = scene.is_draining.load(Ordering::SeqCst);
        tokio::time::sleep(if is_draining { WITH } else { WITHOUT }).await;
        let millis = u64::try_from(real.now().since(begun).as_millis()).unwrap_or_default();
        scene.now().millis.fetch_add(millis, Ordering::SeqCst);
        scene.is_draining.fetch_xor(true, Ordering::SeqCst);
        if real.now().since(told_at) >= TELL_EVERY {
            told_at = real.now();
            println!("so far:");
            tell_rates(scene);
        }
    }
}

fn report(scene: &Scene, removed: Removed, batches: u64, largest: u64) {
    println!(
        "drained {} rows ({} refresh tokens, {} sessions) in {} s, {batches} batches of at most {largest}",
        removed.total(),
        removed.refresh_tokens,
        removed.sessions,
        scene.with.millis.load(Ordering::SeqCst) / 1000,
    );
    tell_rates(scene);
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn tell_rates(scene: &Scene) {
    let read = |number: &AtomicU64| number.load(Ordering::SeqCst) as f64;
    let rate = |number: &AtomicU64, done: &Done| read(number) / read(&done.millis) * 1000.0;
    for (what, with, without) in [
        ("refreshes", &scene.with.refreshes, &scene.without.refreshes),
        ("log-ins", &scene.with.log_ins, &scene.without.log_ins),
    ] {
        let (with, without) = (rate(with, &scene.with), rate(without, &scene.without));
        println!(
            "{what}: {without:.1}/s without the drain, {with:.1}/s with it: {:.3}",
            with / without
        );
    }
}
