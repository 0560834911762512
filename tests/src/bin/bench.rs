//! What `cargo xtask bench` has done by a process of its own; what it prints is for that.

use std::{path::PathBuf, process::ExitCode};

use ::tests::bench::{Asked, create, hashes, queries, remove, tokens};
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
    /// Password hashes alone: how many a second
    Hashes { count: usize },
}

#[tokio::main]
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
            Self::Tokens { database, keys, algorithm, user, role, count } => {
                tokens(&database, &keys, &algorithm, (user, role), count).await?.join("\n")
            }
            Self::MyListings { database, seller, times, connections } => {
                let asked = Asked::MyListings { seller_user_id: seller };
                queries(&database, asked, times, connections).await?.to_string()
            }
            Self::Hashes { count } => hashes(count)?.to_string(),
        })
    }
}
