//! What a log-in does to the sessions that are there: the rule, without a database.

use super::{
    device::same_network,
    limits::{Beyond, Limit},
};
use crate::store::sessions::{Device, Session};

/// What a log-in brings to show which device it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The device key that a valid device token names.
    pub proven_device: Option<&'a str>,
    /// The session that an access token of this user names, even an expired one.
    pub proven_session: Option<&'a str>,
    /// What the client says of itself, and the address that it calls from.
    pub device: &'a Device,
}

/// What a log-in does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission<'a> {
    /// It is the same device: its session is renewed, and nobody is replaced.
    Renew(&'a Session),
    /// It is another device: it gets a session of its own.
    Open {
        /// The sessions whose place it takes, those whose last log-in is furthest back.
        out: Vec<&'a Session>,
        /// A session whose device the newcomer claimed to be, without proof.
        claimed: Option<&'a Session>,
    },
    /// It is another device, and there is no room for it.
    Refuse,
}

/// Decides what a log-in does, given the user's live sessions that count towards the limit.
#[must_use]
pub fn admit<'a>(live: &'a [Session], arrival: &Arrival<'_>, limit: Limit) -> Admission<'a> {
    if let Some(session) = live.iter().find(|session| arrival.is_of(session)) {
        return Admission::Renew(session);
    }
    let too_many = (live.len() + 1).saturating_sub(limit.max_sessions);
    if too_many > 0 && limit.beyond == Beyond::Refuse {
        return Admission::Refuse;
    }
    let claimed = arrival.device.device_id.as_deref().and_then(|claim| {
        live.iter().find(|session| session.device.device_id.as_deref() == Some(claim))
    });
    let mut out: Vec<&Session> = live.iter().collect();
    // Log-ins of one millisecond are told apart by their keys.
    out.sort_unstable_by_key(|session| (session.logged_in_at, session.authentication_session_id));
    out.truncate(too_many);
    Admission::Open { out, claimed }
}

impl Arrival<'_> {
    /// Whether it comes from the device of a session, live or not.
    pub(super) fn is_of(&self, session: &Session) -> bool {
        if self.proven_session.is_some_and(|token| token == session.session_token) {
            return true;
        }
        if let Some(proven) = self.proven_device {
            return session.device.device_key.as_deref() == Some(proven);
        }
        // A client that sends no proof is known by what it cannot help to send. Its device id alone
        // is a claim that anyone could make.
        let claims_it = match self.device.device_id.as_deref() {
            Some(claim) => session.device.device_id.as_deref() == Some(claim),
            None => true,
        };
        self.proven_session.is_none()
            && claims_it
            && session.device.user_agent == self.device.user_agent
            && same_network(session.device.login_ip.as_deref(), self.device.login_ip.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use shared::{
        session::SessionFacts,
        time::Timestamp,
        user::{ClientType, Role, UserStatus, UserType},
    };

    use super::*;
    use crate::store::{sessions::Risk, users::Rights};

    fn device(id: Option<&str>, agent: &str, ip: &str) -> Device {
        Device {
            device_key: id.map(|id| format!("key of {id}")),
            device_id: id.map(Into::into),
            user_agent: Some(agent.into()),
            login_ip: Some(ip.into()),
            ..Device::default()
        }
    }

    fn session(token: &str, device: Device) -> Session {
        let at = Timestamp::from_millis(0).unwrap();
        Session {
            authentication_session_id: 1,
            session_token: token.into(),
            user_type: UserType::User,
            user_id: 31,
            client_type: ClientType::MiniProgram,
            facts: SessionFacts {
                is_active: true,
                end_reason: None,
                expires_at: at,
                last_activity: at,
                updated_at: at,
                user_status: UserStatus::Active,
            },
            role: Role::User,
            rights: Rights::default(),
            nickname: "ana".into(),
            device,
            risk: Risk::default(),
            logged_in_at: at,
            created_at: at,
        }
    }

    /// A session of a device that nobody else is, opened and renewed at these seconds.
    fn phone(id: i64, created: i64, renewed: Option<i64>) -> Session {
        let at = |second: i64| Timestamp::from_millis(second * 1000).unwrap();
        let name = format!("phone-{id}");
        Session {
            authentication_session_id: id,
            created_at: at(created),
            logged_in_at: at(renewed.unwrap_or(created)),
            ..session(&name, device(Some(&name), "WeChat/8", "116.4.39.203"))
        }
    }

    /// What a new phone does to these: the keys of those that go, or `None` where it is refused.
    fn newcomer(live: &[Session], max_sessions: usize, beyond: Beyond) -> Option<Vec<i64>> {
        let device = device(Some("new"), "WeChat/8", "116.4.39.203");
        let arrival = Arrival { proven_device: None, proven_session: None, device: &device };
        match admit(live, &arrival, Limit { max_sessions, beyond }) {
            Admission::Open { out, claimed: None } => {
                Some(out.iter().map(|session| session.authentication_session_id).collect())
            }
            Admission::Refuse => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_oldest_go_by_their_last_log_in_and_only_as_many_as_must() {
        use Beyond::{Refuse, ReplaceOldest};
        let live =
            [phone(4, 40, None), phone(2, 10, Some(50)), phone(3, 20, None), phone(1, 20, None)];
        let none: [i64; 0] = [];
        for (count, max, beyond, out) in [
            (0, 1, ReplaceOldest, Some(&none[..])),
            (0, 1, Refuse, Some(&none)),
            (1, 1, ReplaceOldest, Some(&[4])),
            (1, 1, Refuse, None),
            (4, 5, ReplaceOldest, Some(&none)),
            (4, 5, Refuse, Some(&none)),
            // Of two log-ins at the same time, the lower key is the older.
            (4, 4, ReplaceOldest, Some(&[1])),
            (4, 4, Refuse, None),
            (4, 3, ReplaceOldest, Some(&[1, 3])),
            // A renewal is a log-in: what was opened first goes last.
            (4, 1, ReplaceOldest, Some(&[1, 3, 4, 2])),
            (4, 1, Refuse, None),
        ] {
            let expected = out.map(<[i64]>::to_vec);
            assert_eq!(newcomer(&live[..count], max, beyond), expected, "{count} of {max}");
        }
    }

    #[test]
    fn a_device_that_is_there_is_renewed_whatever_the_limit() {
        let live = [phone(1, 10, None), phone(2, 20, None)];
        for beyond in [Beyond::ReplaceOldest, Beyond::Refuse] {
            for max_sessions in [1, 2, 3] {
                let known = &live[0].device;
                let arrival = Arrival { proven_device: None, proven_session: None, device: known };
                assert_eq!(
                    admit(&live, &arrival, Limit { max_sessions, beyond }),
                    Admission::Renew(&live[0])
                );
            }
        }
    }

    #[test]
    fn what_is_the_same_device_and_what_only_claims_to_be() {
        let live = [session("s1", device(Some("phone-1"), "WeChat/8", "116.4.39.203"))];
        let renews = |proven_device, proven_session, device: Device| {
            let arrival = Arrival { proven_device, proven_session, device: &device };
            matches!(admit(&live, &arrival, Limit::default()), Admission::Renew(_))
        };
        let away = || device(Some("phone-1"), "WeChat/9", "8.8.8.8");
        assert!(
            renews(Some("key of phone-1"), None, away()),
            "a device token proves it from anywhere"
        );
        assert!(renews(None, Some("s1"), away()), "so does a token of the session");
        assert!(!renews(None, None, away()), "a bare device id from elsewhere is a claim");
        assert!(
            renews(None, None, device(Some("phone-1"), "WeChat/8", "116.4.39.9")),
            "unchanged client"
        );
        assert!(
            renews(None, None, device(None, "WeChat/8", "116.4.39.9")),
            "unchanged client without an id"
        );
        assert!(!renews(None, None, device(None, "WeChat/9", "116.4.39.9")), "another user agent");
        assert!(
            !renews(None, None, device(Some("phone-2"), "WeChat/8", "116.4.39.9")),
            "another id"
        );
        assert!(
            !renews(
                Some("key of phone-2"),
                None,
                device(Some("phone-1"), "WeChat/8", "116.4.39.9")
            ),
            "proof of another device"
        );
        assert!(
            !renews(None, Some("s0"), device(Some("phone-1"), "WeChat/8", "116.4.39.9")),
            "proof of another session"
        );
    }

    #[test]
    fn a_claim_without_proof_is_told_from_a_newcomer() {
        let live = [session("s1", device(Some("phone-1"), "WeChat/8", "116.4.39.203"))];
        let claims = |device: Device| {
            let arrival = Arrival { proven_device: None, proven_session: None, device: &device };
            matches!(
                admit(&live, &arrival, Limit::default()),
                Admission::Open { claimed: Some(_), .. }
            )
        };
        assert!(claims(device(Some("phone-1"), "WeChat/8", "8.8.8.8")));
        assert!(!claims(device(Some("phone-2"), "WeChat/8", "8.8.8.8")));
        assert!(!claims(device(None, "curl", "8.8.8.8")));
    }
}
