use clap::{Args, Subcommand};
use garde::Validate;
use serde_json::json;
use shared::{
    error::ErrorCode,
    user::{PublicUser, Role, UserStatus},
};

use super::{
    Exit, Failure,
    answer::{Out, lines, printable, table},
    app,
    failure::told,
    password::PasswordArgs,
};
use crate::{
    clock::Ambient,
    config::{DatabaseArgs, ServeArgs},
    error::ApiError,
    extract::input::checked,
    http::auth::forms::{NewAccount, normal_email},
    password::{About, MAX_CHARS, MIN_CHARS, WeakPassword, check_new, hash_now},
    store::{self, users::NewUser},
    users::{self, By, Changed},
};

/// What the audit log says of all that is done here.
const OPERATOR: By<'static> =
    By { user_id: None, session_id: None, call: None, note: Some("operator") };

/// What can be done with accounts.
#[derive(Subcommand)]
pub enum UserCommand {
    /// Make an account; its password is given, or made up and printed once
    #[command(after_help = "\
Examples:
  origin user create --mobile 13912345678 --nickname 安娜 --role admin
  origin user create --email bob@example.com --nickname Bob --password-stdin < password.txt")]
    Create(Create),
    /// Set a password, which ends all sessions of its user
    #[command(after_help = "\
Examples:
  origin user set-password 31
  origin user set-password 31 --password-prompt

Needs all settings of `origin serve`, which tells the edge of the ended sessions.")]
    SetPassword(Box<SetPassword>),
    /// Say what a user may do, which ends their sessions: `user`, `agent` or `admin`
    #[command(after_help = "\
Example:
  origin user set-role 31 agent

Needs all settings of `origin serve`, which tells the edge of the ended sessions.")]
    SetRole(Box<Set<Role>>),
    /// Open an account (`active`), or ban or close it (`banned`, `inactive`), which ends its sessions
    #[command(after_help = "\
Example:
  origin user set-status 31 banned

Needs all settings of `origin serve`, which tells the edge of the ended sessions.")]
    SetStatus(Box<Set<UserStatus>>),
    /// List accounts by their keys
    #[command(after_help = "\
Examples:
  origin user list --role admin
  origin user list --after 1000 --limit 1000 --json | jq '.users[].user_id'")]
    List(List),
    /// Show an account and its open sessions
    #[command(after_help = "\
Example:
  origin user show 31 --json | jq .sessions")]
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
    password: PasswordArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// A password to be.
#[derive(Args)]
pub struct SetPassword {
    /// Key of the user
    user_id: i64,
    #[command(flatten)]
    password: PasswordArgs,
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
    database: DatabaseArgs,
}

/// Which account to show.
#[derive(Args)]
pub struct Show {
    /// Key of the user
    user_id: i64,
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
    pub async fn run(self, out: Out) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => create.run(out).await,
            Self::SetPassword(set) => set.run(out).await,
            Self::SetRole(set) => {
                let app = app(set.settings).await?;
                let done = users::set_role(&app, set.user_id, set.to, OPERATOR).await;
                changed(out, set.user_id, done.map_err(about(set.user_id))?)
            }
            Self::SetStatus(set) => {
                let app = app(set.settings).await?;
                let done = users::set_status(&app, set.user_id, set.to, OPERATOR).await;
                changed(out, set.user_id, done.map_err(about(set.user_id))?)
            }
            Self::List(list) => list.run(out).await,
            Self::Show(show) => show.run(out).await,
        }
    }
}

impl Create {
    async fn run(self, out: Out) -> anyhow::Result<()> {
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
        check_new(&new.password, &about).map_err(weak)?;
        let user = NewUser {
            user_id: None,
            mobile: new.mobile.as_deref(),
            email: new.email.as_deref(),
            nickname: new.nickname.trim(),
            password_hash: Some(&hash_now(&new.password, ambient.bytes())?),
            role: self.role,
        };
        let db = super::connect(self.database.try_into()?).await?;
        let made = users::create(&db, &user, OPERATOR, ambient.now()).await;
        let user_id = made.map_err(|error| match error {
            ApiError::Refused(code @ ErrorCode::Conflict) => {
                let what =
                    format!("{code}: the mobile number or e-mail address has an account already");
                let cure = "Look for it with: origin user list";
                Failure::new(Exit::Refused, what, cure).into()
            }
            error => told(error),
        })?;
        out.members(&json!({ "user_id": user_id, "role": self.role, "password": made_up }))
    }
}

impl SetPassword {
    async fn run(self, out: Out) -> anyhow::Result<()> {
        let ambient = Ambient::system();
        let (password, made_up) = self.password.get(&ambient)?;
        let NewPassword { password } = checked(NewPassword { password }).map_err(told)?;
        let (app, user_id) = (app(self.settings).await?, self.user_id);
        let user = store::users::find(app.db.acquire().await?.conn(), user_id).await?;
        let user = user.ok_or_else(|| no_user(user_id))?;
        check_new(&password, &About::from(&user.public)).map_err(weak)?;
        // As `origin serve` hashes them, beside the old back end or not.
        let hash = app.passwords.hash(password, &ambient).await.map_err(told)?;
        let ended = users::set_password(&app, user_id, &hash, OPERATOR).await;
        let ended = ended.map_err(about(user_id))?;
        out.members(&json!({ "user_id": user_id, "password": made_up, "ended": ended }))
    }
}

impl List {
    async fn run(self, out: Out) -> anyhow::Result<()> {
        let db = super::connect(self.database.try_into()?).await?;
        let mut handle = db.acquire().await?;
        let page =
            store::users::page(handle.conn(), self.role, self.status, self.after, self.limit)
                .await?;
        let users: Vec<PublicUser> = page.into_iter().map(|user| user.public).collect();
        out.give(&json!({ "users": users }), || {
            let mut rows =
                vec![["USER", "ROLE", "STATUS", "ACCOUNT", "NICKNAME"].map(str::to_owned)];
            rows.extend(users.iter().map(|user| {
                let account = user.mobile.as_deref().or(user.email.as_deref()).unwrap_or("-");
                let [role, status] = [user.role.to_string(), user.status.to_string()];
                [
                    user.user_id.to_string(),
                    role,
                    status,
                    printable(account),
                    printable(&user.nickname),
                ]
            }));
            table(&rows)
        })
    }
}

impl Show {
    async fn run(self, out: Out) -> anyhow::Result<()> {
        let db = super::connect(self.database.try_into()?).await?;
        let mut handle = db.acquire().await?;
        let user = store::users::find(handle.conn(), self.user_id).await?;
        let user = user.ok_or_else(|| no_user(self.user_id))?.public;
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
        let answer = json!({ "user": user, "sessions": sessions });
        out.give(&answer, || {
            let mut text = lines(&answer["user"]);
            text.push_str("\n\n");
            let mut rows =
                vec![["SESSION", "CLIENT", "ADDRESS", "LAST USED", "ENDS"].map(str::to_owned)];
            rows.extend(open.iter().map(|session| {
                let address = session.device.login_ip.as_deref().unwrap_or("-");
                let [last, ends] = [session.facts.last_activity, session.facts.expires_at];
                [
                    session.authentication_session_id.to_string(),
                    session.client_type.to_string(),
                    printable(address),
                    last.to_string(),
                    ends.to_string(),
                ]
            }));
            text + &table(&rows)
        })
    }
}

fn no_user(user_id: i64) -> Failure {
    Failure::not_found(
        format!("there is no user {user_id}"),
        "Look for the key with: origin user list",
    )
}

fn weak(weak: WeakPassword) -> Failure {
    let cure = "Choose another, or let one be made up: say nothing of a password";
    Failure::new(Exit::Refused, weak.to_string(), cure)
}

fn changed(out: Out, user_id: i64, done: Changed) -> anyhow::Result<()> {
    let Changed { changed, ended } = done;
    out.members(&json!({ "user_id": user_id, "changed": changed, "ended": ended }))
}

/// A refusal; where nobody is found, by whom was looked for.
fn about(user_id: i64) -> impl Fn(ApiError) -> anyhow::Error {
    move |error| match error {
        ApiError::Refused(ErrorCode::NotFound) => no_user(user_id).into(),
        error => told(error),
    }
}
