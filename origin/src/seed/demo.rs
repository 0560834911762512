//! Demo data: the incident that Drawbridge was made for, so that a first run shows something real.

use std::time::Duration;

use anyhow::{Context as _, bail};
use shared::{
    chat::{MessageSource, MessageType, NewMessage, SenderType},
    listing::ListingStatus,
    session::EndReason,
    time::Timestamp,
    user::{ClientType, Role, UserType},
};

use crate::{
    clock::Ambient,
    password,
    store::{
        Db, Tx, conversations,
        conversations::NewConversation,
        listings::{self, NewListing, Offer},
        messages::{self, Origination},
        sessions::{self, Device, End, NewSession, Risk},
        users::{self, NewUser},
    },
};

/// Passwords of the demo log-ins.
#[derive(Clone)]
pub struct DemoPasswords {
    /// Password of user 31, mobile 13612227930
    pub demo_user_password: String,
    /// Password of the agent, mobile 13800000001
    pub demo_agent_password: String,
    /// Password of the admin, mobile 13800000002
    pub demo_admin_password: String,
}

const USER: i64 = 31;
const AGENT: i64 = 2;
const ADMIN: i64 = 1;
/// Sells what user 31 does not.
const OTHER_SELLER: i64 = 32;
const CONVERSATION: i64 = 1882;
const MESSAGES: i64 = 29;
/// The user's newest session, the only live one.
const LIVE_SESSION: i64 = 7038;
/// The user's sessions, the live one included.
const SESSIONS: i64 = 63;
/// The first of the ten sessions of the incident.
const FIRST_OF_INCIDENT: i64 = 7029;

/// Listings by seller and status.
const LISTINGS: [(i64, ListingStatus, i64); 6] = [
    (USER, ListingStatus::OnSale, 3),
    (USER, ListingStatus::Locked, 9),
    (USER, ListingStatus::Sold, 16),
    (USER, ListingStatus::Withdrawn, 237),
    (OTHER_SELLER, ListingStatus::OnSale, 22),
    (OTHER_SELLER, ListingStatus::Sold, 1),
];

/// Adds the demo data where it is not there; sets the passwords where they do not fit.
///
/// # Errors
/// Where the database holds something else under the demo's keys, or fails.
pub async fn demo(db: &Db, ambient: &Ambient, passwords: &DemoPasswords) -> anyhow::Result<()> {
    let people = [
        (USER, "13612227930", "小明", Role::User, &passwords.demo_user_password),
        (AGENT, "13800000001", "客服小王", Role::Agent, &passwords.demo_agent_password),
        (ADMIN, "13800000002", "管理员", Role::Admin, &passwords.demo_admin_password),
    ];
    let now = ambient.now();
    let mut tx = db.begin().await?;
    let fresh = users::find(tx.conn(), USER).await?.is_none();
    for (user_id, mobile, nickname, role, password) in people {
        if password.chars().count() < password::MIN_CHARS {
            bail!("the demo password of {mobile} has under {} characters", password::MIN_CHARS);
        }
        let hash = password::hash_now(password, ambient.bytes())?;
        match users::find(tx.conn(), user_id).await? {
            Some(user) if user.public.mobile.as_deref() == Some(mobile) => {
                users::set_password_hash(tx.conn(), user_id, &hash, now).await?;
            }
            Some(_) => bail!(
                "user {user_id} is somebody else: this database holds other data than the demo's"
            ),
            None => {
                let user = NewUser {
                    user_id: Some(user_id),
                    mobile: Some(mobile),
                    email: None,
                    nickname,
                    password_hash: Some(&hash),
                    role,
                };
                users::insert(tx.conn(), &user, now).await?;
            }
        }
    }
    if fresh {
        fill(&mut tx, ambient).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn fill(tx: &mut Tx, ambient: &Ambient) -> anyhow::Result<()> {
    let seller = NewUser {
        user_id: Some(OTHER_SELLER),
        mobile: None,
        email: None,
        nickname: "小红",
        password_hash: None,
        role: Role::User,
    };
    users::insert(tx.conn(), &seller, ambient.now()).await?;
    fill_sessions(tx, ambient).await?;
    fill_listings(tx).await?;
    fill_conversation(tx).await
}

async fn fill_sessions(tx: &mut Tx, ambient: &Ambient) -> anyhow::Result<()> {
    let web = Device {
        user_agent: Some("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/121.0.0.0".to_owned()),
        login_ip: Some("127.0.0.1".to_owned()),
        ..Device::default()
    };
    let phone = Device {
        user_agent: Some(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3) MicroMessenger/8.0.47".to_owned(),
        ),
        login_ip: Some("116.4.39.203".to_owned()),
        country: Some("CN".to_owned()),
        ..Device::default()
    };
    let first = LIVE_SESSION - SESSIONS + 1;
    for id in first..=LIVE_SESSION {
        let at = session_start(id)?;
        let (client_type, device) =
            if id % 2 == 0 { (ClientType::MiniProgram, &phone) } else { (ClientType::Web, &web) };
        let live = id == LIVE_SESSION;
        let new = NewSession {
            authentication_session_id: Some(id),
            session_token: &ambient.secret_name(),
            user_type: UserType::User,
            user_id: USER,
            client_type,
            // The live one's end lies far ahead, whenever the demo is run.
            expires_at: if live {
                moment("2099-12-31T23:59:59+08:00")?
            } else {
                at.plus(Duration::from_hours(168))
            },
            device,
            risk: &Risk::default(),
            current_jti: None,
        };
        sessions::insert(tx.conn(), &new, at).await?;
        if live {
            // Used just now, or its idle end would have come long ago.
            sessions::touch(tx.conn(), new.session_token, ambient.now()).await?;
        } else {
            let end = End {
                reason: EndReason::Replaced,
                by_session_id: Some(id + 1),
                by_user_id: Some(USER),
            };
            sessions::end(tx.conn(), id, end, session_start(id + 1)?).await?;
        }
    }
    Ok(())
}

/// The ten of the incident between 01:40:50 and 01:45:08, those before it a day apart.
fn session_start(id: i64) -> anyhow::Result<Timestamp> {
    let begin = moment("2026-02-18T01:40:50+08:00")?;
    let end = moment("2026-02-18T01:45:08+08:00")?;
    let of_incident = u32::try_from(id - FIRST_OF_INCIDENT);
    let last = u32::try_from(LIVE_SESSION - FIRST_OF_INCIDENT)?;
    Ok(match of_incident {
        Ok(last_one) if last_one == last => end,
        Ok(nth) => begin.plus(end.since(begin) * nth / last),
        Err(_) => begin.minus(Duration::from_hours(24) * u32::try_from(FIRST_OF_INCIDENT - id)?),
    })
}

async fn fill_listings(tx: &mut Tx) -> anyhow::Result<()> {
    let mut at = moment("2026-01-01T10:00:00+08:00")?;
    let mut number = 0;
    for (seller_user_id, status, count) in LISTINGS {
        for _ in 0..count {
            number += 1;
            at = at.plus(Duration::from_mins(10));
            let offer = if number % 3 == 0 {
                Offer::Asset {
                    group_code: "currency",
                    code: "STAR",
                    display_name: "星尘",
                    amount: 10 * number,
                }
            } else {
                Offer::Item {
                    instance_id: 50_000 + number,
                    template_id: 100 + number % 7,
                    category_code: "weapon",
                    rarity: if number % 5 == 0 { "epic" } else { "common" },
                    display_name: "青铜剑",
                }
            };
            let new = NewListing { seller_user_id, offer, price_amount: 50 + number, status };
            listings::insert(tx.conn(), &new, at).await?;
        }
    }
    Ok(())
}

async fn fill_conversation(tx: &mut Tx) -> anyhow::Result<()> {
    let last = moment("2026-02-19T02:00:00+08:00")?;
    let first = last.minus(Duration::from_mins(280));
    let new = NewConversation {
        customer_service_session_id: Some(CONVERSATION),
        user_id: USER,
        source: "system_notification",
    };
    conversations::insert(tx.conn(), &new, first).await?;
    for seq in 1..=MESSAGES {
        let at = first.plus(Duration::from_mins(10) * u32::try_from(seq - 1)?);
        let (origination, content, message_type) = if seq % 4 == 0 {
            let user = Origination {
                sender_id: Some(USER),
                sender_type: SenderType::User,
                source: MessageSource::UserClient,
            };
            (user, "为什么我总是被下线？", MessageType::Text)
        } else {
            let system = Origination {
                sender_id: None,
                sender_type: SenderType::Admin,
                source: MessageSource::System,
            };
            (system, "您的挂单状态有更新", MessageType::System)
        };
        let message = NewMessage {
            content: content.to_owned(),
            message_type,
            temp_message_id: None,
            reply_to_id: None,
            metadata: None,
        };
        messages::insert(tx.conn(), CONVERSATION, seq, &[(origination, &message)], at).await?;
    }
    if let Some(conversation) = conversations::lock(tx.conn(), CONVERSATION).await? {
        let filled = conversations::Conversation {
            last_seq: MESSAGES,
            last_message_at: Some(last),
            updated_at: last,
            ..conversation
        };
        conversations::save(tx.conn(), &filled).await?;
    }
    Ok(())
}

fn moment(text: &str) -> anyhow::Result<Timestamp> {
    text.parse().with_context(|| format!("{text:?} is no point in time"))
}
