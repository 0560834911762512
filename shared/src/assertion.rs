//! What edge and origin vouch for when they call each other.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{session::SessionHash, time::Timestamp};

/// Header that carries a sealed [`Assertion`] from the edge to the origin.
pub const ASSERTION_HEADER: &str = "x-drawbridge-assertion";
/// Header that carries a sealed [`CallSignature`], in both directions.
pub const CALL_HEADER: &str = "x-drawbridge-signature";
/// Header that carries the request id, from the edge through the origin to the client.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// How long an assertion or a call's signature is good for, either side of its time.
pub const VALIDITY: Duration = Duration::from_secs(10);

/// Where a client is, as the edge knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    /// Name of the city.
    pub city: Option<String>,
    /// Where on the globe.
    #[serde(default)]
    pub coordinates: Option<Coordinates>,
}

/// A point on the globe, in degrees: latitude -90 to 90, longitude -180 to 180.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "(f64, f64)", into = "(f64, f64)")]
pub struct Coordinates {
    latitude: f64,
    longitude: f64,
}

/// No [`Coordinates`] is NaN.
impl Eq for Coordinates {}

/// Two numbers that name no point on the globe.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("latitude is -90 to 90 and longitude -180 to 180")]
pub struct NotOnTheGlobe;

impl Coordinates {
    /// The point, where there is one.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_on_the_globe =
            (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        is_on_the_globe.then_some(Self { latitude, longitude })
    }

    /// Degrees north of the equator.
    #[must_use]
    pub const fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich.
    #[must_use]
    pub const fn longitude(self) -> f64 {
        self.longitude
    }
}

impl TryFrom<(f64, f64)> for Coordinates {
    type Error = NotOnTheGlobe;

    fn try_from((latitude, longitude): (f64, f64)) -> Result<Self, NotOnTheGlobe> {
        Self::new(latitude, longitude).ok_or(NotOnTheGlobe)
    }
}

impl From<Coordinates> for (f64, f64) {
    fn from(point: Coordinates) -> Self {
        (point.latitude, point.longitude)
    }
}

/// A session that the edge has found live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedSession {
    /// Names the session.
    pub session: SessionHash,
    /// When an origin last said that it was live.
    pub checked_at: Timestamp,
}

/// The edge's word about one call that it forwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// The call's id, taken once.
    pub request_id: String,
    /// When the edge forwarded it.
    pub issued_at: Timestamp,
    /// `GET`, `POST`…
    pub method: String,
    /// Path with query, as forwarded.
    pub path_and_query: String,
    /// Address that the client called from.
    pub client_ip: String,
    /// Where that is.
    pub place: Place,
    /// The session that the edge found live; reads may rest on it.
    pub session: Option<CheckedSession>,
}

impl Assertion {
    /// Whether it was made for this call, now.
    #[must_use]
    pub fn covers(&self, method: &str, path_and_query: &str, now: Timestamp) -> bool {
        self.method == method
            && self.path_and_query == path_and_query
            && is_fresh(self.issued_at, now)
    }
}

/// Signs one internal call, its body included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSignature {
    /// When it was made.
    pub issued_at: Timestamp,
    /// Path of the call.
    pub path: String,
    /// SHA-256 of the body.
    pub body_sha256: [u8; 32],
}

impl CallSignature {
    /// The signature of a call of `path` with `body`.
    #[must_use]
    pub fn new(path: &str, body: &[u8], now: Timestamp) -> Self {
        Self { issued_at: now, path: path.to_owned(), body_sha256: Sha256::digest(body).into() }
    }

    /// Whether it was made for this call, now.
    #[must_use]
    pub fn covers(&self, path: &str, body: &[u8], now: Timestamp) -> bool {
        self.path == path
            && self.body_sha256 == <[u8; 32]>::from(Sha256::digest(body))
            && is_fresh(self.issued_at, now)
    }
}

fn is_fresh(issued_at: Timestamp, now: Timestamp) -> bool {
    now.since(issued_at) <= VALIDITY && issued_at.since(now) <= VALIDITY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000).unwrap()
    }

    #[test]
    fn an_assertion_covers_one_call_for_ten_seconds() {
        let assertion = Assertion {
            request_id: "r".into(),
            issued_at: at(100),
            method: "GET".into(),
            path_and_query: "/a?b=1".into(),
            client_ip: "127.0.0.1".into(),
            place: Place::default(),
            session: None,
        };
        assert!(assertion.covers("GET", "/a?b=1", at(110)));
        assert!(assertion.covers("GET", "/a?b=1", at(90)));
        assert!(!assertion.covers("GET", "/a?b=1", at(111)));
        assert!(!assertion.covers("GET", "/a?b=1", at(89)));
        assert!(!assertion.covers("POST", "/a?b=1", at(100)));
        assert!(!assertion.covers("GET", "/a?b=2", at(100)));
    }

    #[test]
    fn an_assertion_of_a_long_path_can_be_opened() {
        use crate::seal::{MAX_SEALED_BYTES, Purpose, Secret};
        let secret = Secret::parse(&"A".repeat(43)).unwrap();
        let assertion = Assertion {
            request_id: "r".repeat(32),
            issued_at: at(100),
            method: "POST".into(),
            path_and_query: "/".repeat(MAX_SEALED_BYTES / 2),
            client_ip: "2001:db8:1111:2222:3333:4444:5555:6666".into(),
            place: Place {
                country: Some("DE".into()),
                city: Some("城".repeat(60)),
                coordinates: Coordinates::new(-52.123_456_789, -113.405_123_456),
            },
            session: Some(CheckedSession { session: SessionHash::of("s"), checked_at: at(100) }),
        };
        let sealed = secret.seal(Purpose::Assertion, &assertion).unwrap();
        assert_eq!(secret.open(Purpose::Assertion, &sealed), Ok(assertion));
    }

    #[test]
    fn coordinates_are_on_the_globe_or_none() {
        for (latitude, longitude, is_point) in [
            (0.0, 0.0, true),
            (90.0, 180.0, true),
            (-90.0, -180.0, true),
            (90.1, 0.0, false),
            (-90.1, 0.0, false),
            (0.0, 180.1, false),
            (0.0, -180.1, false),
            (f64::NAN, 0.0, false),
            (0.0, f64::INFINITY, false),
        ] {
            let point = Coordinates::new(latitude, longitude);
            assert_eq!(point.is_some(), is_point, "{latitude} {longitude}");
        }
        let read = serde_json::from_str::<Coordinates>;
        assert_eq!(read("[23.1,113.3]").ok(), Coordinates::new(23.1, 113.3));
        assert!(read("[113.3,23.1]").is_err());
        let place: Place = serde_json::from_str(r#"{"country":"CN","city":null}"#).unwrap();
        assert_eq!(place.coordinates, None, "an edge that does not say");
    }

    #[test]
    fn a_signature_covers_one_body() {
        let signature = CallSignature::new("/internal/x", b"{}", at(100));
        assert!(signature.covers("/internal/x", b"{}", at(105)));
        assert!(!signature.covers("/internal/x", b"{ }", at(105)));
        assert!(!signature.covers("/internal/y", b"{}", at(105)));
        assert!(!signature.covers("/internal/x", b"{}", at(111)));
    }
}
