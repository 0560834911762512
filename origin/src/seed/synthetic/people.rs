//! Users and their sessions.

use std::time::Duration;

use shared::{
    session::EndReason,
    user::{ClientType, Role, UserStatus, UserType},
};

use super::plan::{AGENTS, Plan, key};
use crate::store::{
    DbZone,
    bulk::{
        Cell::{self, Flag, Int, Null, Text, Time, Word},
        Table,
    },
};

const DAY: i64 = 24 * 60 * 60;

pub const USERS: Table = Table {
    name: "users",
    columns: &[
        "user_id",
        "mobile",
        "nickname",
        "status",
        "role",
        "is_vip",
        "created_at",
        "updated_at",
    ],
};

pub const SESSIONS: Table = Table {
    name: "authentication_sessions",
    columns: &[
        "authentication_session_id",
        "session_token",
        "user_type",
        "user_id",
        "client_type",
        "is_active",
        "expires_at",
        "last_activity",
        "login_ip",
        "device_id",
        "device_type",
        "user_agent",
        "country",
        "end_reason",
        "ended_at",
        "ended_by_session_id",
        "logged_in_at",
        "created_at",
        "updated_at",
    ],
};

/// Users, and after them the agents.
pub fn count_users(plan: &Plan) -> i64 {
    plan.sizes.users + AGENTS
}

pub fn user(plan: &Plan, zone: DbZone, n: i64, row: &mut Vec<Cell>) {
    let mut draw = plan.draw(USERS.name, n);
    let is_agent = n >= plan.sizes.users;
    let (role, name) = if is_agent { (Role::Agent, "客服") } else { (Role::User, "用户") };
    let banned = !is_agent && draw.below(1000) == 0;
    let status = if banned { UserStatus::Banned } else { UserStatus::Active };
    let made = zone.write(plan.spread(n, count_users(plan), 365));
    row.extend([
        Int(key(n)),
        // No operator gives out numbers that begin so.
        Text(format!("10{n:09}")),
        Text(format!("{name}{n}")),
        Word(status.as_str()),
        Word(role.as_str()),
        Flag(draw.below(20) == 0),
        Time(made),
        Time(made),
    ]);
}

pub fn count_sessions(plan: &Plan) -> i64 {
    plan.sizes.sessions
}

pub fn session(plan: &Plan, zone: DbZone, n: i64, row: &mut Vec<Cell>) {
    const AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3) MicroMessenger/8.0.47";
    let (users, sessions) = (plan.sizes.users, plan.sizes.sessions);
    let mut draw = plan.draw(SESSIONS.name, n);
    let token = format!("{:016x}{:016x}{:016x}", draw.next(), draw.next(), draw.next());
    let user = n % users;
    // A user has one kind of client, so that one live session is what the policy allows.
    let client = ClientType::ALL[usize::try_from(user).unwrap_or_default() % ClientType::ALL.len()];
    let opened = plan.spread(n, sessions, 60);
    let is_live = n >= sessions - users;
    let last = plan.later(opened, draw.below(3 * DAY));
    let next = plan.spread((n + users).min(sessions), sessions, 60);
    let last = if is_live {
        let before = Duration::from_secs(draw.below(5 * DAY).unsigned_abs());
        plan.until.minus(before).max(opened)
    } else {
        last.min(next)
    };
    let expires = if is_live { plan.until } else { opened };
    let expires = expires.plus(Duration::from_hours(30 * 24));
    let reason = draw.weighted(&[(85, EndReason::Replaced), (15, EndReason::LoggedOut)]);
    let ended = |cell: Cell| if is_live { Null } else { cell };
    let replaced = !is_live && reason == EndReason::Replaced;
    let end = if replaced { next } else { last };
    row.extend([
        Int(key(n)),
        Text(token),
        Word(UserType::User.as_str()),
        Int(key(user)),
        Word(client.as_str()),
        Flag(is_live),
        Time(zone.write(expires)),
        Time(zone.write(last)),
        Text(format!("10.{}.{}.{}", draw.below(256), draw.below(256), draw.below(256))),
        Text(format!("synthetic-{user}")),
        Word("phone"),
        Word(AGENT),
        Word("CN"),
        ended(Word(reason.as_str())),
        ended(Time(zone.write(end))),
        if replaced { Int(key(n + users)) } else { Null },
        Time(zone.write(opened)),
        Time(zone.write(opened)),
        Time(zone.write(if is_live { last } else { end })),
    ]);
}
