//! How suspicious a log-in is: the rule, and the reading of what it is compared with.

use std::time::Duration;

use shared::{assertion::Coordinates, risk::Cause, time::Timestamp};

use super::{device::same_network, policy::Arrival, user_agent};
use crate::{
    state::App,
    store::{
        self, Tx,
        audit::AuditKind,
        sessions::{Risk, Session},
    },
};

/// A score from which the user is told, whatever its causes.
pub const ALARMING: u8 = 50;
/// Failed log-ins that make a burst, and the time that they must lie in.
const BURST: i64 = 5;
const BURST_TIME: Duration = Duration::from_mins(15);
/// The latest sessions that a log-in is compared with.
const HISTORY: i64 = 20;
/// Faster than an airliner, in km/h; and the distance below which nobody is said to travel, since
/// places that are known by address are no better than that, in km.
const MAX_SPEED: f64 = 900.0;
const MIN_DISTANCE: f64 = 100.0;
const EARTH_RADIUS: f64 = 6371.0;

/// What each cause adds.
const fn points(cause: Cause) -> u8 {
    match cause {
        Cause::NewNetwork => 10,
        Cause::NewDevice | Cause::Automation => 20,
        Cause::NewCountry | Cause::FailureBurst => 25,
        Cause::ImpossibleTravel => 40,
        // Not of log-ins that are let in as what they are: these are alerts of their own.
        Cause::DeviceClaimed | Cause::TokenReused => 0,
    }
}

/// What is known of an account when someone logs in to it.
#[derive(Debug, Default)]
pub struct History {
    /// Its sessions, live or not.
    pub sessions: Vec<Session>,
    /// Log-ins that have failed shortly before.
    pub failures: i64,
}

impl History {
    /// Reads it, under the lock of the user's row; `live` are sessions that were read before.
    ///
    /// # Errors
    /// The database's.
    pub async fn read(
        app: &App,
        tx: &mut Tx,
        user_id: i64,
        live: &[Session],
    ) -> sqlx::Result<Self> {
        let since = app.ambient.now().minus(BURST_TIME);
        let (kind, conn) = (AuditKind::LoginFailed, tx.conn());
        let failures = store::audit::count_since(conn, user_id, kind, since, BURST).await?;
        let mut sessions = store::sessions::latest_of(tx.conn(), user_id, HISTORY).await?;
        // One that has lived on tokens alone since may be older than all of these.
        for session in live {
            let id = session.authentication_session_id;
            if sessions.iter().all(|known| known.authentication_session_id != id) {
                sessions.push(session.clone());
            }
        }
        Ok(Self { sessions, failures })
    }
}

/// How suspicious a log-in at `now` is, and why. The first of an account is not: there is nothing to
/// compare it with.
#[must_use]
pub fn assess(arrival: &Arrival<'_>, history: &History, now: Timestamp) -> Risk {
    if history.sessions.is_empty() {
        return Risk::default();
    }
    let causes: Vec<_> = [
        (Cause::NewDevice, is_new_device(arrival, history)),
        (Cause::NewNetwork, is_new_network(arrival, history)),
        (Cause::NewCountry, is_new_country(arrival, history)),
        (Cause::ImpossibleTravel, has_travelled_impossibly(arrival, history, now)),
        (Cause::Automation, user_agent::is_automated(arrival.device.user_agent.as_deref())),
        (Cause::FailureBurst, history.failures >= BURST),
    ]
    .into_iter()
    .filter_map(|(cause, applies)| applies.then_some(cause))
    .collect();
    let score = causes.iter().fold(0, |sum: u8, cause| sum.saturating_add(points(*cause)));
    Risk { score: score.min(100), causes }
}

fn is_new_device(arrival: &Arrival<'_>, history: &History) -> bool {
    !history.sessions.iter().any(|session| arrival.is_of(session))
}

fn is_new_network(arrival: &Arrival<'_>, history: &History) -> bool {
    let here = arrival.device.login_ip.as_deref();
    let mut known = history.sessions.iter().filter_map(|past| past.device.login_ip.as_deref());
    let is_same = |past| same_network(Some(past), here);
    here.is_some() && known.clone().next().is_some() && !known.any(is_same)
}

fn is_new_country(arrival: &Arrival<'_>, history: &History) -> bool {
    let Some(here) = &arrival.device.country else { return false };
    let mut known = history.sessions.iter().filter_map(|past| past.device.country.as_ref());
    known.clone().next().is_some() && !known.any(|past| past == here)
}

fn has_travelled_impossibly(arrival: &Arrival<'_>, history: &History, now: Timestamp) -> bool {
    let located = history
        .sessions
        .iter()
        .filter_map(|past| Some((past.logged_in_at, past.device.coordinates?)));
    match (arrival.device.coordinates, located.max_by_key(|(at, _)| *at)) {
        (Some(here), Some((at, there))) => is_too_fast(distance(there, here), now.since(at)),
        _ => false,
    }
}

fn is_too_fast(kilometres: f64, took: Duration) -> bool {
    kilometres > MIN_DISTANCE && kilometres > MAX_SPEED * took.as_secs_f64() / 3600.0
}

/// The great-circle distance in km (haversine).
fn distance(one: Coordinates, other: Coordinates) -> f64 {
    let (from, to) = (one.latitude().to_radians(), other.latitude().to_radians());
    let across = (other.longitude() - one.longitude()).to_radians();
    let half =
        ((to - from) / 2.0).sin().powi(2) + from.cos() * to.cos() * (across / 2.0).sin().powi(2);
    // Rounding may push opposite ends of the earth beyond 1.
    2.0 * EARTH_RADIUS * half.min(1.0).sqrt().asin()
}

#[cfg(test)]
mod tests {
    use shared::{
        session::SessionFacts,
        user::{ClientType, Role, UserStatus, UserType},
    };

    use super::*;
    use crate::store::{sessions::Device, users::Rights};

    const PHONE: &str = "Mozilla/5.0 (iPhone) MicroMessenger/8.0";
    const GUANGZHOU: (f64, f64) = (23.13, 113.26);
    const BERLIN: (f64, f64) = (52.52, 13.4);

    fn at(minute: u64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_mins(minute))
    }

    fn device(id: &str, ip: &str, country: &str, point: (f64, f64)) -> Device {
        Device {
            device_key: Some(format!("key of {id}")),
            device_id: Some(id.into()),
            user_agent: Some(PHONE.into()),
            login_ip: Some(ip.into()),
            country: Some(country.into()),
            coordinates: Coordinates::new(point.0, point.1),
            ..Device::default()
        }
    }

    fn home() -> Device {
        device("phone", "116.4.39.203", "CN", GUANGZHOU)
    }

    fn session(device: Device, logged_in_at: Timestamp) -> Session {
        Session {
            authentication_session_id: 1,
            session_token: "s1".into(),
            user_type: UserType::User,
            user_id: 31,
            client_type: ClientType::MiniProgram,
            facts: SessionFacts {
                is_active: false,
                end_reason: None,
                expires_at: logged_in_at,
                last_activity: logged_in_at,
                updated_at: logged_in_at,
                user_status: UserStatus::Active,
            },
            role: Role::User,
            rights: Rights::default(),
            nickname: "ana".into(),
            device,
            risk: Risk::default(),
            logged_in_at,
            created_at: at(0),
        }
    }

    fn after(past: Vec<Session>, failures: i64, device: &Device, now: Timestamp) -> Risk {
        let arrival = Arrival { proven_device: None, proven_session: None, device };
        assess(&arrival, &History { sessions: past, failures }, now)
    }

    #[test]
    fn each_cause_adds_its_points() {
        use Cause::{
            Automation, FailureBurst, ImpossibleTravel, NewCountry, NewDevice, NewNetwork,
        };
        let script = || Device { user_agent: Some("curl/8.5.0".into()), ..home() };
        let silent = || Device { user_agent: None, ..home() };
        for (what, device, failures, score, causes) in [
            ("the same phone at home", home(), 0, 0, vec![]),
            ("four failures", home(), 4, 0, vec![]),
            ("five failures", home(), 5, 25, vec![FailureBurst]),
            (
                "the same phone on another network is not proven to be it",
                device("phone", "116.4.40.203", "CN", GUANGZHOU),
                0,
                30,
                vec![NewDevice, NewNetwork],
            ),
            (
                "another phone at home",
                device("other", "116.4.39.1", "CN", GUANGZHOU),
                0,
                20,
                vec![NewDevice],
            ),
            ("a script", script(), 0, 40, vec![NewDevice, Automation]),
            ("no user agent", silent(), 0, 40, vec![NewDevice, Automation]),
            (
                "another phone in another country, ten minutes later",
                device("other", "8.8.8.8", "DE", BERLIN),
                0,
                95,
                vec![NewDevice, NewNetwork, NewCountry, ImpossibleTravel],
            ),
            (
                "all at once is no more than 100",
                Device { user_agent: None, ..device("other", "8.8.8.8", "DE", BERLIN) },
                5,
                100,
                vec![NewDevice, NewNetwork, NewCountry, ImpossibleTravel, Automation, FailureBurst],
            ),
        ] {
            let risk = after(vec![session(home(), at(0))], failures, &device, at(10));
            assert_eq!(risk, Risk { score, causes }, "{what}");
        }
    }

    #[test]
    fn without_anything_to_compare_with_nothing_is_new() {
        let stranger = Device { user_agent: None, ..device("other", "8.8.8.8", "DE", BERLIN) };
        assert_eq!(
            after(Vec::new(), 5, &stranger, at(0)),
            Risk::default(),
            "the first log-in ever"
        );
        // A row of before knows neither address nor place.
        let risk = after(vec![session(Device::default(), at(0))], 0, &home(), at(0));
        assert_eq!(risk, Risk { score: 20, causes: vec![Cause::NewDevice] });
        // Nor does a log-in that did not come through the edge.
        let direct = Device { login_ip: None, country: None, coordinates: None, ..home() };
        let risk = after(vec![session(home(), at(0))], 0, &direct, at(0));
        assert_eq!(risk, Risk { score: 20, causes: vec![Cause::NewDevice] });
    }

    #[test]
    fn a_proven_device_is_known_wherever_it_is_and_however_its_session_ended() {
        let away = device("phone", "8.8.8.8", "DE", BERLIN);
        let history = History { sessions: vec![session(home(), at(0))], failures: 0 };
        for (proven_device, proven_session, is_new) in [
            (Some("key of phone"), None, false),
            (None, Some("s1"), false),
            (Some("key of other"), None, true),
            (None, Some("s2"), true),
            (None, None, true),
        ] {
            let arrival = Arrival { proven_device, proven_session, device: &away };
            let risk = assess(&arrival, &history, at(24 * 60));
            assert_eq!(risk.causes.contains(&Cause::NewDevice), is_new, "{arrival:?}");
        }
    }

    #[test]
    fn travel_is_measured_from_the_last_log_in_that_has_a_place() {
        let past = |device, minute| session(device, at(minute));
        let nowhere = Device { coordinates: None, ..home() };
        let berlin = || device("laptop", "8.8.8.8", "DE", BERLIN);
        let travels = |past, now| {
            after(past, 0, &berlin(), at(now)).causes.contains(&Cause::ImpossibleTravel)
        };
        assert!(travels(vec![past(home(), 0)], 10));
        assert!(!travels(vec![past(home(), 0)], 24 * 60));
        // The newest log-in decides, whatever the order of the sessions.
        assert!(!travels(vec![past(home(), 0), past(berlin(), 5)], 10));
        assert!(travels(vec![past(home(), 5), past(berlin(), 0)], 10));
        assert!(travels(vec![past(nowhere, 9), past(home(), 0)], 10));
    }

    #[test]
    fn nobody_is_faster_than_an_airliner() {
        let hour = Duration::from_hours(1);
        assert!(!is_too_fast(900.0, hour));
        assert!(is_too_fast(900.1, hour));
        assert!(!is_too_fast(100.0, Duration::ZERO));
        assert!(is_too_fast(100.1, Duration::ZERO));
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        let point = |(latitude, longitude)| Coordinates::new(latitude, longitude).unwrap();
        for (one, other, kilometres) in [
            ((51.5074, -0.1278), (48.8566, 2.3522), 343.6),
            ((40.7128, -74.006), (51.5074, -0.1278), 5_570.2),
            (GUANGZHOU, GUANGZHOU, 0.0),
            ((0.0, 179.9), (0.0, -179.9), 22.2),
            ((90.0, 0.0), (90.0, 180.0), 0.0),
            ((0.0, 0.0), (0.0, 180.0), 20_015.1),
            ((45.0, 10.0), (-45.0, -170.0), 20_015.1),
        ] {
            let measured = distance(point(one), point(other));
            assert!((measured - kilometres).abs() < 1.0, "{one:?} {other:?}: {measured}");
        }
    }
}
