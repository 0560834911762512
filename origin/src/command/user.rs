use std::io::{Read as _, Write as _};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use garde::Validate;
use serde_json::{Value, json};
use shared::user::{PublicUser, Role, UserStatus};

use super::told;
use crate::{
    clock::Ambient,
    config::{Config, DatabaseArgs, ServeArgs},
    extract::input::checked,
    http::auth::forms::{NewAccount, normal_email},
    password::{About, MAX_CHARS, MIN_CHARS, check_new, hash_now},
    state::App,
    store::{self, users::NewUser},
    users::{self, By, Change, Changed},
};

/// What the audit log says of all that is done here.
const OPERATOR: By<'static> =
    By { user_id: None, session_id: None, call: None, note: Some("operator") };
/// More bytes than any password that is allowed has.
const MAX_PASSWORD_BYTES: u64 = 4096;

/// What can be done with accounts.
#[derive(Subcommand)]
pub enum UserCommand {
    /// Make an account; without --password-stdin, with a password that is made up and printed once
    Create(Create),
    /// Set a password, which ends all sessions of its user
    SetPassword(Box<SetPassword>),
    /// Say what a user may do, which ends their sessions: `user`, `agent` or `admin`
    SetRole(Box<Set<Role>>),
    /// Open an account (`active`), or ban or close it (`banned`, `inactive`), which ends its sessions
    SetStatus(Box<Set<UserStatus>>),
    /// List accounts by their keys
    List(List),
    /// Show an account and its open sessions
    Show(Show),
}

/// An account to be.
#[derive(Args)]
pub struct Create {
    /// Mobile number, or else --email
    #[arg(long, required_unless_present = "email", conflicts_with = "email")]
    mobile: Option<String>,
    /// E-mail address, or else --mobile
    #[arg(long)]
    email: Option<String>,
    /// Display name
    #[arg(long)]
    nickname: String,
    /// What the user may do: `user`, `agent` or `admin`
    #[arg(long, default_value = "user")]
    role: Role,
    #[command(flatten)]
    password: Password,
    #[command(flatten)]
    answer: Answer,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Where a password comes from: never from an argument, which everyone may see who lists processes.
#[derive(Args)]
struct Password {
    /// Read the password from standard input, instead of making one up
    #[arg(long)]
    password_stdin: bool,
}

/// How to answer.
#[derive(Args)]
struct Answer {
    /// Answer as a JSON object
    #[arg(long)]
    json: bool,
}

/// A password to be.
#[derive(Args)]
pub struct SetPassword {
    /// Key of the user
    user_id: i64,
    #[command(flatten)]
    password: Password,
    #[command(flatten)]
    answer: Answer,
    #[command(flatten)]
    settings: ServeArgs,
}

/// Something of an account to be otherwise.
#[derive(Args)]
pub struct Set<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync> + Clone + Send + Sync + 'static,
{
    /// Key of the user
    user_id: i64,
    /// What it is to be
    to: T,
    #[command(flatten)]
    answer: Answer,
    #[command(flatten)]
    settings: ServeArgs,
}

/// Which accounts to list.
#[derive(Args)]
pub struct List {
    /// Of this role alone
    #[arg(long)]
    role: Option<Role>,
    /// Of this status alone
    #[arg(long)]
    status: Option<UserStatus>,
    /// Beyond this key: the last one of the page before
    #[arg(long, default_value_t = 0)]
    after: i64,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
    #[command(flatten)]
    answer: Answer,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Which account to show.
#[derive(Args)]
pub struct Show {
    /// Key of the user
    user_id: i64,
    #[command(flatten)]
    answer: Answer,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Validate)]
struct NewPassword {
    #[garde(length(chars, min = MIN_CHARS, max = MAX_CHARS))]
    password: String,
}

impl UserCommand {
    /// Does it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => create.run().await,
            Self::SetPassword(set) => set.run().await,
            Self::SetRole(set) => {
                let app = app(set.settings).await?;
                let done = users::change(&app, set.user_id, Change::Role(set.to), OPERATOR).await;
                changed(&set.answer, set.user_id, done.map_err(told)?)
            }
            Self::SetStatus(set) => {
                let app = app(set.settings).await?;
                let done = users::change(&app, set.user_id, Change::Status(set.to), OPERATOR).await;
                changed(&set.answer, set.user_id, done.map_err(told)?)
            }
            Self::List(list) => list.run().await,
            Self::Show(show) => show.run().await,
        }
    }
}

impl Create {
    async fn run(self) -> anyhow::Result<()> {
        let ambient = Ambient::system();
        let (password, made_up) = self.password.get(&ambient)?;
        let Self { mobile, email, nickname, .. } = self;
        let new = NewAccount { mobile, email: normal_email(email), password, nickname };
        let new = checked(new).map_err(told)?;
        let about = About {
            mobile: new.mobile.as_deref(),
            email: new.email.as_deref(),
            nickname: new.nickname.trim(),
        };
        check_new(&new.password, &about)?;
        let user = NewUser {
            user_id: None,
            mobile: new.mobile.as_deref(),
            email: new.email.as_deref(),
            nickname: new.nickname.trim(),
            password_hash: Some(&hash_now(&new.password, ambient.bytes())?),
            role: self.role,
        };
        let db = super::connect(self.database.try_into()?).await?;
        let user_id = users::create(&db, &user, OPERATOR, ambient.now()).await.map_err(told)?;
        self.answer.give(json!({ "user_id": user_id, "role": self.role, "password": made_up }))
    }
}

impl SetPassword {
    async fn run(self) -> anyhow::Result<()> {
        let ambient = Ambient::system();
        let (password, made_up) = self.password.get(&ambient)?;
        let NewPassword { password } = checked(NewPassword { password }).map_err(told)?;
        let app = app(self.settings).await?;
        let user = store::users::find(app.db.acquire().await?.conn(), self.user_id).await?;
        let user = user.context("there is no such user")?;
        check_new(&password, &About::from(&user.public))?;
        let hash = hash_now(&password, ambient.bytes())?;
        let ended = users::set_password(&app, self.user_id, &hash, OPERATOR).await.map_err(told)?;
        let Self { user_id, answer, .. } = self;
        answer.give(json!({ "user_id": user_id, "password": made_up, "ended": ended }))
    }
}

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let db = super::connect(self.database.try_into()?).await?;
        let mut handle = db.acquire().await?;
        let page =
            store::users::page(handle.conn(), self.role, self.status, self.after, self.limit)
                .await?;
        let users: Vec<PublicUser> = page.into_iter().map(|user| user.public).collect();
        if self.answer.json {
            return self.answer.give(json!({ "users": users }));
        }
        let mut out = std::io::stdout();
        for user in users {
            let account = user.mobile.or(user.email).unwrap_or_default();
            let PublicUser { user_id, status, role, nickname, .. } = user;
            // A nickname may hold what a terminal takes for a command.
            writeln!(out, "{user_id}\t{role}\t{status}\t{account}\t{}", nickname.escape_debug())?;
        }
        Ok(())
    }
}

impl Show {
    async fn run(self) -> anyhow::Result<()> {
        let db = super::connect(self.database.try_into()?).await?;
        let mut handle = db.acquire().await?;
        let Some(user) = store::users::find(handle.conn(), self.user_id).await? else {
            bail!("there is no user {}", self.user_id);
        };
        let open = store::sessions::open_of(handle.conn(), self.user_id, None).await?;
        let sessions = open.iter().map(|session| {
            json!({
                "authentication_session_id": session.authentication_session_id,
                "client_type": session.client_type,
                "device_name": session.device.device_name,
                "login_ip": session.device.login_ip,
                "last_activity": session.facts.last_activity,
                "expires_at": session.facts.expires_at,
            })
        });
        let sessions: Vec<_> = sessions.collect();
        self.answer.give(json!({ "user": user.public, "sessions": sessions }))
    }
}

impl Password {
    /// The password, and the same where it was made up, to be shown.
    fn get(&self, ambient: &Ambient) -> anyhow::Result<(String, Option<String>)> {
        if !self.password_stdin {
            let password = ambient.unique_name();
            return Ok((password.clone(), Some(password)));
        }
        let mut text = String::new();
        std::io::stdin()
            .take(MAX_PASSWORD_BYTES)
            .read_to_string(&mut text)
            .context("cannot read a password from standard input")?;
        // The line's end is the terminal's; spaces are the password's.
        Ok((text.trim_end_matches(['\r', '\n']).to_owned(), None))
    }
}

impl Answer {
    /// Writes the members of an object: as they are, or a line each for people.
    fn give(&self, answer: Value) -> anyhow::Result<()> {
        let mut out = std::io::stdout();
        if self.json {
            writeln!(out, "{answer}")?;
            return Ok(());
        }
        let Value::Object(members) = answer else { return Ok(()) };
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            match value.as_str() {
                Some(text) => writeln!(out, "{name}: {text}")?,
                None => writeln!(out, "{name}: {value}")?,
            }
        }
        Ok(())
    }
}

/// The application: what ends sessions writes what the edge is to be told, as `origin serve` does, which
/// then tells it.
async fn app(settings: ServeArgs) -> anyhow::Result<App> {
    let config = Config::try_from(settings)?;
    let db = super::connect(config.database.clone()).await?;
    App::new(config, db, Ambient::system())
}

fn changed(answer: &Answer, user_id: i64, done: Changed) -> anyhow::Result<()> {
    let Changed { changed, ended } = done;
    answer.give(json!({ "user_id": user_id, "changed": changed, "ended": ended }))
}
