//! What `cargo xtask bench` has done by a process of its own; what it prints is for that.

use std::{path::PathBuf, process::ExitCode};

use ::tests::bench::{
    Asked,
    chat::{Company, Measured, People, Scene, Wire, hold, meet, play},
    create, cursor_of, hashes, queries, remove, revoked, shown_once, tokens, tokens_of_one,
};
use anyhow::Result;
use clap::{Parser, Subcommand};
use shared::user::Role;

/// A part of `cargo xtask bench`
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Make an empty schema on a server, and print its URL
    Create { server: String },
    /// Remove it
    Remove { url: String },
    /// Open sessions of a user, and print a token a line
    Tokens {
        database: String,
        #[arg(long)]
        keys: PathBuf,
        #[arg(long)]
        algorithm: String,
        #[arg(long)]
        user: i64,
        #[arg(long, default_value_t = Role::User)]
        role: Role,
        #[arg(long, default_value_t = 1)]
        count: usize,
        /// All of one session
        #[arg(long)]
        one_session: bool,
    },
    /// Show each token of a file once: how many a second
    First {
        url: String,
        tokens: PathBuf,
        #[arg(long)]
        connections: usize,
    },
    /// The bare queries of my-listings: how often a second
    MyListings {
        database: String,
        #[arg(long)]
        seller: i64,
        #[arg(long)]
        times: usize,
        #[arg(long)]
        connections: usize,
    },
    /// New people with conversations, as JSON
    People {
        database: String,
        #[arg(long)]
        keys: PathBuf,
        /// Base URL of the origin
        #[arg(long)]
        origin: String,
        #[command(flatten)]
        company: Company,
    },
    /// A scene of chat: how much a second, and the times at 50 and at 99 in a hundred, in milliseconds
    Chat {
        #[arg(value_enum)]
        scene: Scene,
        #[arg(value_enum)]
        wire: Wire,
        base: String,
        /// What `people` has printed
        people: PathBuf,
        #[arg(long, default_value_t = 1)]
        listeners: usize,
    },
    /// Open sockets, ten a user, say so, and hold them until standard input ends
    Hold {
        #[arg(value_enum)]
        wire: Wire,
        base: String,
        /// What `people` has printed
        people: PathBuf,
        count: usize,
    },
    /// The cursor of a page of a list
    Cursor { url: String, token: String, page: u32 },
    /// End sessions: the times at 99 in a hundred until the tombstone is there and until the socket is closed, in
    /// milliseconds
    Revocations { count: usize },
    /// Password hashes alone: how many a second
    Hashes { count: usize },
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    // An error says that a provider is set already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match Args::parse().part.run().await {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Part {
    async fn run(self) -> Result<String> {
        Ok(match self {
            Self::Create { server } => create(&server).await?,
            Self::Remove { url } => remove(&url).await.map(|()| String::new())?,
            Self::Tokens { database, keys, algorithm, user, role, count, one_session } => {
                if one_session {
                    tokens_of_one(&database, &keys, &algorithm, user, count).await?
                } else {
                    tokens(&database, &keys, &algorithm, (user, role), count).await?
                }
                .join("\n")
            }
            Self::First { url, tokens, connections } => {
                shown_once(&url, &tokens, connections).await?.to_string()
            }
            Self::MyListings { database, seller, times, connections } => {
                let asked = Asked::MyListings { seller_user_id: seller };
                queries(&database, asked, times, connections).await?.to_string()
            }
            Self::People { database, keys, origin, company } => {
                meet(&database, &keys, &origin, company).await?
            }
            Self::Chat { scene, wire, base, people, listeners } => {
                let people = People::read(&people)?;
                shown(&play(scene, wire, &base, &people, listeners).await?)
            }
            Self::Hold { wire, base, people, count } => {
                hold(wire, &base, &People::read(&people)?, count).await.map(|()| String::new())?
            }
            Self::Cursor { url, token, page } => cursor_of(&url, &token, page).await?,
            Self::Revocations { count } => {
                let [buried, closed] = revoked(count).await.map(|time| time.as_secs_f64() * 1000.0);
                format!("{buried} {closed}")
            }
            Self::Hashes { count } => hashes(count)?.to_string(),
        })
    }
}

fn shown(Measured { rate, times }: &Measured) -> String {
    let at = |percent: usize| {
        let rank = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(rank).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    format!("{rate} {} {}", at(50), at(99))
}
