//! A chat client for a terminal: two people can talk through the system that `cargo xtask dev` runs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use ::tests::chat::{
    Account, App, Letter, LetterState, Manner, Notice, Wire, frame,
    rest::{NotDone, Rest},
    terminal::{HELP, Typed, line, progress, summary, told},
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
    let (notices, mut news) = unbounded_channel();
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
            Some(notice) = news.recv() => {
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
    let mut account = Account { base, token: String::new(), user_id: 0, wire: Wire::Raw };
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
