//! What a try is counted against.

use std::net::IpAddr;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ipnet::Ipv6Net;
use sha2::{Digest as _, Sha256};

use super::limit::{Limit, LoginLimits};
use crate::store::users::Account;

/// What somebody tries.
#[derive(Clone, Copy, Debug)]
pub enum Guess<'a> {
    /// A password, from a device that has proved nothing.
    Password(Account<'a>),
    /// A password, from a device that has proved to be one of this user's.
    PasswordOnDevice {
        /// The user.
        user_id: i64,
        /// The device's key, from a valid device token.
        device_key: &'a str,
    },
    /// The old password, within a session that is to get a new one.
    PasswordInSession {
        /// The session.
        authentication_session_id: i64,
    },
    /// A registration.
    Registration,
    /// A WeChat code. Whoever may log in makes as many devices as they like: with proof, it is
    /// counted against the user.
    WechatCode {
        /// User and key of the device, where a valid device token names them.
        proven: Option<(i64, &'a str)>,
    },
}

/// What tries are counted against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Its row in `login_attempts`.
    pub key: String,
    /// How wide it is.
    pub limit: Limit,
    /// A success shows that whoever it is about is who they say: their failures are forgotten.
    pub cleared_by_success: bool,
}

impl Guess<'_> {
    /// What the try is counted against, in the order of the keys.
    #[must_use]
    pub fn budgets(self, from: IpAddr, limits: &LoginLimits) -> Vec<Budget> {
        let address = network(from);
        let budget = |kind: &str, what: &str, limit, cleared_by_success| Budget {
            key: format!("{kind}:{what}"),
            limit,
            cleared_by_success,
        };
        let mut budgets = match self {
            Guess::Password(account) => {
                let (kind, name) = match account {
                    Account::Mobile(mobile) => ("mobile", mobile),
                    Account::Email(email) => ("email", email),
                    Account::WechatOpenid(openid) => ("openid", openid),
                };
                let both = hash(&[kind, name, &address]);
                vec![
                    budget("account", &hash(&[kind, name]), limits.account, false),
                    budget("account_at_address", &both, limits.account_at_address, true),
                    budget("address", &address, limits.address, false),
                ]
            }
            Guess::PasswordOnDevice { user_id, device_key } => {
                let device = hash(&[&user_id.to_string(), device_key]);
                vec![budget("device", &device, limits.device, true)]
            }
            Guess::PasswordInSession { authentication_session_id } => {
                vec![budget("session", &authentication_session_id.to_string(), limits.device, true)]
            }
            Guess::Registration => vec![budget("register", &address, limits.registration, false)],
            Guess::WechatCode { proven: Some((user_id, _)) } => {
                vec![budget("wechat_user", &user_id.to_string(), limits.wechat_code, false)]
            }
            Guess::WechatCode { proven: None } => {
                vec![budget("wechat", &address, limits.wechat_code, false)]
            }
        };
        budgets.sort_by(|one, other| one.key.cmp(&other.key));
        budgets
    }
}

/// What an address is counted by: itself, or its /64 for IPv6, where a household has that many.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Net::new(address, 64)
            .map_or_else(|_| address.to_string(), |net| net.trunc().to_string()),
    }
}

/// SHA-256 of parts in base64url; no two lists of parts are the same text.
fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    BASE64_URL_SAFE_NO_PAD.encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_household_is_one_address() {
        let of = |address: &str| network(address.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::4"), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2:ffff::"), of("2001:db8:1:2:3::4"));
        assert_ne!(of("2001:db8:1:3::4"), of("2001:db8:1:2::4"));
        assert_eq!(of("::ffff:116.4.39.203"), "116.4.39.203");
        assert_ne!(of("116.4.39.203"), of("116.4.39.204"));
    }

    #[test]
    fn keys_fit_their_column_and_hold_no_account_name() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        let longest = format!("account_at_address:{}", hash(&["mobile", "13612227930"]));
        assert!(longest.len() <= 64, "{longest}");
        assert!(format!("register:{}", network([u8::MAX; 16].into())).len() <= 64);
    }
}
