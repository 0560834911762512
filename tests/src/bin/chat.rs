//! A chat client for a terminal: two people can talk through the system that `cargo xtask dev` runs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use ::tests::chat::{
    Account, App, Letter, LetterState, Manner, Notice, frame,
    rest::{NotDone, Rest},
};
use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Parser, ValueEnum};
use origin::clock::Ambient;
use serde_json::{Value, json};
use shared::route;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, stdin},
    sync::mpsc::unbounded_channel,
};
use xtask::workspace_root;

/// Chat with customer service, or be it
#[derive(Parser)]
struct Args {
    /// Which of the demo's people to be
    #[arg(long = "as", value_enum)]
    person: Person,

    /// Base URL of the edge; by default that of the running `cargo xtask dev`
    #[arg(long, env = "CHAT_EDGE_URL")]
    edge: Option<String>,

    /// Mobile number to log in with; by default the demo's
    #[arg(long, env = "CHAT_MOBILE", requires = "password")]
    mobile: Option<String>,

    /// Password to log in with; by default the demo's
    #[arg(long, env = "CHAT_PASSWORD", hide_env_values = true, requires = "mobile")]
    password: Option<String>,

    /// What `cargo xtask dev` says of itself
    #[arg(long, default_value_os_t = workspace_root().join(".dev/state.json"))]
    state: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Person {
    User,
    Agent,
    Admin,
}

/// What a typed line means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Typed {
    Nothing,
    Say(String),
    List,
    Accept(i64),
    Use(i64),
    Close,
    Read,
    Help,
    Quit,
    Unclear(&'static str),
}

const HELP: &str = "\
  a line        is sent to the conversation
  /list         the conversations
  /accept 1882  takes one that waits (agents)
  /use 1882     goes over to one
  /read         marks all of it as read
  /close        ends it
  /quit         leaves";

impl Typed {
    fn read(line: &str) -> Self {
        let line = line.trim();
        let Some(command) = line.strip_prefix('/') else {
            return if line.is_empty() { Self::Nothing } else { Self::Say(line.to_owned()) };
        };
        // A message may begin with a slash, too: the second one is then meant.
        if command.starts_with('/') {
            return Self::Say(command.to_owned());
        }
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let key = || rest.trim().parse().ok().filter(|key| *key > 0);
        match (name, rest.trim()) {
            ("list", "") => Self::List,
            ("close", "") => Self::Close,
            ("read", "") => Self::Read,
            ("help", "") => Self::Help,
            ("quit", "") => Self::Quit,
            ("accept", _) => key().map_or(Self::Unclear("/accept takes a number"), Self::Accept),
            ("use", _) => key().map_or(Self::Unclear("/use takes a number"), Self::Use),
            _ => Self::Unclear("no such command; /help shows them"),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match talk(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn talk(args: Args) -> Result<()> {
    let account = log_in(&args).await?;
    let (notices, mut noticed) = unbounded_channel();
    let is_staff = args.person != Person::User;
    let manner = Manner {
        seed: Ambient::system().now().as_seconds().cast_unsigned(),
        jitter_millis: 500..3_000,
        is_eager: false,
        is_staff,
        notices: Some(notices),
    };
    let rest = Rest::new(&account);
    let user_id = account.user_id;
    let app = App::start("terminal", account, manner);
    let mut desk =
        Desk { app, rest, is_staff, user_id, conversation: None, written: BTreeMap::new() };
    if is_staff {
        desk.list().await?;
    } else {
        let begun = desk.rest.post(route::CHAT_SESSIONS, &json!({})).await.map_err(refused)?;
        let id = begun["customer_service_session_id"].as_i64().context("no conversation")?;
        desk.turn_to(id);
    }
    println!("/help shows what can be typed");
    let mut lines = BufReader::new(stdin()).lines();
    loop {
        tokio::select! {
            line = lines.next_line() => {
                let Some(line) = line? else { return Ok(()) };
                match Typed::read(&line) {
                    Typed::Quit => return Ok(()),
                    typed => {
                        if let Err(error) = desk.obey(typed).await {
                            println!("! {error:#}");
                        }
                    }
                }
            }
            Some(notice) = noticed.recv() => {
                if let Notice::Ended(code) = &notice {
                    bail!("the session is over: {code}");
                }
                desk.show(notice);
            }
        }
    }
}

/// One side of the conversation.
struct Desk {
    app: App,
    rest: Rest,
    is_staff: bool,
    user_id: i64,
    conversation: Option<i64>,
    /// What was written here, by key.
    written: BTreeMap<i64, String>,
}

impl Desk {
    fn turn_to(&mut self, id: i64) {
        self.app.join(id);
        self.conversation = Some(id);
        println!("-- conversation {id}");
    }

    fn current(&self) -> Result<i64> {
        self.conversation.context("no conversation: /list shows them, /accept or /use takes one")
    }

    async fn obey(&mut self, typed: Typed) -> Result<()> {
        match typed {
            Typed::Nothing | Typed::Quit => {}
            Typed::Help => println!("{HELP}"),
            Typed::Unclear(what) => println!("! {what}"),
            Typed::Say(text) => {
                let id = self.current()?;
                self.app.write(id, &Ambient::system().unique_name(), &text);
            }
            Typed::Use(id) => self.turn_to(id),
            Typed::List => self.list().await?,
            Typed::Accept(id) => {
                let path = route::with_id(route::DESK_ACCEPT, id);
                self.rest.post(&path, &json!({})).await.map_err(refused)?;
                self.turn_to(id);
            }
            Typed::Close => {
                let path = if self.is_staff { route::DESK_CLOSE } else { route::CHAT_CLOSE };
                let path = route::with_id(path, self.current()?);
                self.rest.post(&path, &json!({})).await.map_err(refused)?;
            }
            Typed::Read => {
                let id = self.current()?;
                let newest = self.app.state().book.shelves.get(&id).and_then(|shelf| {
                    shelf.pages.last_key_value().map(|(_, page)| page.chat_message_id)
                });
                let newest = newest.context("there is nothing to read yet")?;
                let data = json!({ "customer_service_session_id": id, "chat_message_id": newest });
                self.app.frame(frame::event("mark_read", &data, None));
            }
        }
        Ok(())
    }

    async fn list(&self) -> Result<()> {
        let path = if self.is_staff { route::DESK_SESSIONS } else { route::CHAT_SESSIONS };
        let data = self.rest.get(path).await.map_err(refused)?;
        for one in data["sessions"].as_array().into_iter().flatten() {
            println!("  {}", summary(one));
        }
        Ok(())
    }

    fn show(&mut self, notice: Notice) {
        match notice {
            Notice::Online => println!("-- online"),
            Notice::Offline(why) => println!("-- offline ({why}); coming back"),
            Notice::Ended(code) => println!("-- over: {code}"),
            Notice::Letter(letter) => self.show_letter(&letter),
            Notice::Message(message) => println!("{}", line(&message, self.user_id)),
            Notice::Event(name, data) => {
                if let Some(text) = told(&name, &data, &self.written) {
                    println!("   {text}");
                }
            }
        }
    }

    fn show_letter(&mut self, letter: &Letter) {
        if let LetterState::Sent(seq) = letter.state {
            let state = self.app.state();
            let page = state.book.shelves.get(&letter.conversation).and_then(|s| s.pages.get(&seq));
            if let Some(page) = page {
                self.written.insert(page.chat_message_id, letter.content.clone());
            }
        }
        println!("   {}: {}", progress(&letter.state), letter.content);
    }
}

fn progress(state: &LetterState) -> String {
    match state {
        LetterState::Queued => "waits".to_owned(),
        LetterState::Unacked => "on its way".to_owned(),
        LetterState::Sending => "sending".to_owned(),
        LetterState::Sent(seq) => format!("sent as {seq}"),
        LetterState::Failed(code) => format!("not sent ({code})"),
    }
}

/// A message of somebody, as it is shown.
fn line(message: &Value, user_id: i64) -> String {
    let name = message["sender_name"].as_str().or_else(|| message["sender"]["nickname"].as_str());
    let is_own = message["sender_id"] == user_id;
    let (mark, name) = (if is_own { ">" } else { "<" }, name.unwrap_or("?"));
    let content = message["content"].as_str().unwrap_or_default();
    format!("{mark} {} {name}: {}", message["seq"], visible(content))
}

/// A text that a terminal shows and does not obey.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn summary(conversation: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    format!(
        "{}  {}  {}  {}  unread {}",
        conversation["customer_service_session_id"],
        text(&conversation["status"]),
        visible(&text(&conversation["user"]["nickname"])),
        visible(&text(&conversation["last_message"]["content"])),
        conversation["unread_count"],
    )
}

/// What an event says to a person; nothing where it is of no use to one.
fn told(name: &str, data: &Value, written: &BTreeMap<i64, String>) -> Option<String> {
    let who = &data["user_id"];
    Some(match name {
        "typing" if data["is_typing"] == true => format!("{who} is typing…"),
        "typing" => format!("{who} has stopped typing"),
        "presence" if data["is_online"] == true => format!("user {who} is there"),
        "presence" => format!("user {who} has gone"),
        "messages_read" => format!("{who} has read up to {}", data["seq"]),
        "message_status" => {
            let keys = data["chat_message_ids"].as_array().into_iter().flatten();
            let texts: Vec<_> =
                keys.filter_map(Value::as_i64).filter_map(|key| written.get(&key)).collect();
            let last = texts.last()?;
            format!("{}: {last}", data["status"].as_str().unwrap_or_default())
        }
        "conversation_updated" => format!(
            "conversation {} is {}, agent {}",
            data["customer_service_session_id"],
            data["status"].as_str().unwrap_or("-"),
            data["admin"]["nickname"].as_str().unwrap_or("-"),
        ),
        "queue_updated" => {
            let keys = data["waiting"].as_array().into_iter().flatten();
            let keys: Vec<_> =
                keys.map(|one| one["customer_service_session_id"].to_string()).collect();
            format!("{} wait: {}", data["total"], keys.join(", "))
        }
        "security_alert" => "someone has logged in to this account from elsewhere".to_owned(),
        "session_expiring" => "the session ends soon".to_owned(),
        _ => return None,
    })
}

async fn log_in(args: &Args) -> Result<Account> {
    let state = State::read(&args.state);
    let edge = match (&args.edge, &state) {
        (Some(edge), _) => edge.clone(),
        (None, Ok(state)) => state.edge()?,
        (None, Err(error)) => bail!("{error:#}; or name an edge with --edge"),
    };
    let (mobile, password) = match (&args.mobile, &args.password) {
        (Some(mobile), Some(password)) => (mobile.clone(), password.clone()),
        _ => state?.login(args.person)?,
    };
    let base = edge.trim_end_matches('/').to_owned();
    if !base.starts_with("http://") {
        bail!("{base} is no http:// address: this client is for a system on this machine");
    }
    let mut account = Account { base, token: String::new(), user_id: 0 };
    let client_type = if args.person == Person::User { "mini_program" } else { "web" };
    let body = json!({
        "mobile": mobile, "password": password, "client_type": client_type, "device_id": "terminal" });
    let answer = Rest::new(&account).post(route::LOGIN, &body).await.map_err(refused)?;
    answer["access_token"].as_str().context("no token")?.clone_into(&mut account.token);
    account.user_id = answer["user"]["user_id"].as_i64().context("no user")?;
    Ok(account)
}

fn refused(refusal: NotDone) -> anyhow::Error {
    match refusal {
        NotDone { status: 0, .. } => anyhow!("the edge does not answer"),
        NotDone { status, code } => anyhow!("{status} {code}"),
    }
}

/// What `cargo xtask dev` has written of itself.
struct State(Value);

impl State {
    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("no {}: is `cargo xtask dev` running?", path.display()))?;
        Ok(Self(serde_json::from_str(&text).with_context(|| path.display().to_string())?))
    }

    fn edge(&self) -> Result<String> {
        Ok(self.0["edge_url"].as_str().context("no edge_url in the state")?.to_owned())
    }

    fn login(&self, person: Person) -> Result<(String, String)> {
        let name = match person {
            Person::User => "user",
            Person::Agent => "agent",
            Person::Admin => "admin",
        };
        let login = &self.0["logins"][name];
        let text = |field: &str| login[field].as_str().map(str::to_owned);
        text("mobile").zip(text("password")).with_context(|| format!("no log-in of {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_message_unless_it_is_a_command() {
        let say = |text: &str| Typed::Say(text.to_owned());
        for (line, typed) in [
            ("", Typed::Nothing),
            ("   ", Typed::Nothing),
            ("在吗？", say("在吗？")),
            ("  hi  ", say("hi")),
            ("a / b", say("a / b")),
            ("//quit", say("/quit")),
            ("/list", Typed::List),
            (" /quit ", Typed::Quit),
            ("/read", Typed::Read),
            ("/close", Typed::Close),
            ("/help", Typed::Help),
            ("/accept 1882", Typed::Accept(1882)),
            ("/accept\t 7", Typed::Accept(7)),
            ("/use 3", Typed::Use(3)),
        ] {
            assert_eq!(Typed::read(line), typed, "{line:?}");
        }
        for line in [
            "/",
            "/accept",
            "/accept x",
            "/accept -1",
            "/use 0",
            "/accept 1 2",
            "/list 1",
            "/QUIT",
            "/quit now",
        ] {
            assert!(matches!(Typed::read(line), Typed::Unclear(_)), "{line:?}");
        }
    }

    #[test]
    fn events_are_told_and_texts_do_not_move_the_cursor() {
        let written = BTreeMap::from([(5, "hi".to_owned())]);
        let status = json!({ "chat_message_ids": [4, 5], "status": "delivered" });
        assert_eq!(told("message_status", &status, &written).unwrap(), "delivered: hi");
        assert_eq!(told("message_status", &json!({ "chat_message_ids": [4] }), &written), None);
        assert_eq!(told("connected", &json!({}), &written), None);
        let message =
            json!({ "seq": 3, "sender_id": 31, "sender_name": "小明", "content": "a\u{1b}[2Jb" });
        assert_eq!(line(&message, 31), "> 3 小明: a\u{fffd}[2Jb");
        assert!(line(&message, 2).starts_with('<'));
    }
}
