//! How a client proves that it is a device that has logged in before.

use std::net::IpAddr;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shared::{
    seal::{BrokenSeal, Purpose, Secret},
    time::Timestamp,
};

use super::user_agent;
use crate::{extract::context::CallContext, store::sessions::Device};

/// What a device token says: this user has logged in on the device that we gave this key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceToken {
    /// The user.
    pub user_id: i64,
    /// The device's key, which we made: an id that a client gives itself would prove nothing.
    pub device_key: String,
    /// When it was made.
    pub issued_at: Timestamp,
}

impl DeviceToken {
    /// Signs it.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn seal(&self, secret: &Secret) -> serde_json::Result<String> {
        secret.seal(Purpose::DeviceToken, self)
    }

    /// Reads one that we signed.
    ///
    /// # Errors
    /// Where we did not.
    pub fn open(sealed: &str, secret: &Secret) -> Result<Self, BrokenSeal> {
        secret.open(Purpose::DeviceToken, sealed)
    }
}

/// What a call shows of the device that it comes from: its user agent; and address and place, as the
/// edge vouches for them.
#[must_use]
pub fn of_call(call: &CallContext) -> Device {
    let agent = call.user_agent.as_deref().map(user_agent::parse).unwrap_or_default();
    Device {
        device_key: None,
        device_id: None,
        device_name: None,
        device_type: agent.device_type.map(Into::into),
        user_agent: call.user_agent.clone(),
        login_ip: Some(call.client_ip.to_string()),
        country: call.place.country.clone().filter(|country| country.len() == 2),
        city: call.place.city.as_ref().map(|city| city.chars().take(100).collect()),
        coordinates: call.place.coordinates,
        browser: agent.browser,
        browser_version: agent.browser_version,
        os: agent.os,
        os_version: agent.os_version,
    }
}

/// The hash of a device id that access tokens carry.
#[must_use]
pub fn hash(device_id: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(device_id.as_bytes()))
}

/// Whether two addresses are of one network, IPv4 /24 or IPv6 /48: a phone's address moves within
/// it. Two that are unknown are not.
#[must_use]
pub fn same_network(one: Option<&str>, other: Option<&str>) -> bool {
    let network = |address: Option<&str>| match address?.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => Some(IpAddr::V4(Ipv4Net::new(address, 24).ok()?.network())),
        IpAddr::V6(address) => Some(IpAddr::V6(Ipv6Net::new(address, 48).ok()?.network())),
    };
    network(one).is_some_and(|one| network(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_24_and_48_bits_wide() {
        let same = |one, other| same_network(Some(one), Some(other));
        assert!(same("116.4.39.203", "116.4.39.7"));
        assert!(!same("116.4.39.203", "116.4.40.203"));
        assert!(same("2001:db8:1:2::3", "2001:db8:1:ffff::9"));
        assert!(!same("2001:db8:1::1", "2001:db8:2::1"));
        assert!(same("::ffff:116.4.39.1", "116.4.39.2"));
        assert!(!same("127.0.0.1", "::1"));
        assert!(!same("nonsense", "nonsense"));
        assert!(!same_network(None, None));
    }
}
