//! Settings of log-ins: WeChat, limits, and what an adopted database holds.

use clap::Args;

use super::{ConfigError, http_url, required};
use crate::{
    password::hash::MAX_BCRYPT_COST,
    sessions::attempts::limit::{Limit, LoginLimits},
    wechat::WechatConfig,
};

/// How users log in.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Log-in")]
pub struct LogInArgs {
    /// App id of the mini-program; without it there is no log-in by WeChat
    #[arg(long, env = "WECHAT_APP_ID")]
    pub wechat_app_id: Option<String>,

    /// App secret of the mini-program
    #[arg(long, env = "WECHAT_APP_SECRET", hide_env_values = true)]
    pub wechat_app_secret: Option<String>,

    /// Base URL of WeChat's server
    #[arg(long, env = "WECHAT_API_URL", default_value = "https://api.weixin.qq.com")]
    pub wechat_api_url: String,

    /// Registrations from one address before the next have to wait; one is forgotten every three
    /// minutes
    #[arg(long, env = "REGISTRATIONS_PER_ADDRESS", default_value_t = LoginLimits::default().registration.free, value_parser = clap::value_parser!(u32).range(1..))]
    pub registrations_per_address: u32,

    /// Cost of the bcrypt hashes that an adopted database holds; with it a log-in of an unknown user
    /// takes as long as one that is checked against such a hash
    #[arg(long, env = "ADOPTED_BCRYPT_COST", value_parser = clap::value_parser!(u32).range(4..=i64::from(MAX_BCRYPT_COST)))]
    pub adopted_bcrypt_cost: Option<u32>,

    /// The old back end still reads and writes an adopted database: passwords are kept and made as it reads them
    /// (bcrypt, `ADOPTED_BCRYPT_COST`), its messages get their place, and the sessions that it ends are told
    #[arg(long, env = "OLD_BACK_END_BESIDE")]
    pub old_back_end_beside: bool,
}

impl LogInArgs {
    /// Where and as whom we ask WeChat; `None` where log-in by WeChat is off.
    ///
    /// # Errors
    /// Where one of the two that belong together is missing, or the URL is none.
    pub fn wechat(&self) -> Result<Option<WechatConfig>, ConfigError> {
        const ID: &str = "Set it to the mini-program's app id, or remove WECHAT_APP_SECRET";
        const SECRET: &str = "Set it to the mini-program's app secret, or remove WECHAT_APP_ID";
        const URL: &str = "Set it to a base URL such as https://api.weixin.qq.com";
        let given =
            |value: &Option<String>| value.as_ref().is_some_and(|value| !value.trim().is_empty());
        if !given(&self.wechat_app_id) && !given(&self.wechat_app_secret) {
            return Ok(None);
        }
        Ok(Some(WechatConfig {
            app_id: required("WECHAT_APP_ID", self.wechat_app_id.clone(), ID)?,
            app_secret: required("WECHAT_APP_SECRET", self.wechat_app_secret.clone(), SECRET)?,
            api_url: http_url("WECHAT_API_URL", &self.wechat_api_url, URL)?,
        }))
    }

    /// Whether the old back end goes on beside this program.
    ///
    /// # Errors
    /// Where it cannot be: on SQLite, or without the cost of its hashes.
    pub fn beside(&self, database_url: &str) -> Result<bool, ConfigError> {
        let refusal = |problem: &str, cure| {
            let problem = problem.to_owned();
            Err(ConfigError { setting: "OLD_BACK_END_BESIDE", problem, cure })
        };
        match (self.old_back_end_beside, self.adopted_bcrypt_cost) {
            (true, _) if database_url.starts_with("sqlite:") => {
                refusal("is set, and no other program shares an SQLite file", "Remove it")
            }
            (true, None) => refusal(
                "is set, and the cost of the old back end's bcrypt hashes is not",
                "Set ADOPTED_BCRYPT_COST to it, such as 10",
            ),
            (beside, _) => Ok(beside),
        }
    }

    /// The limits of log-ins.
    #[must_use]
    pub fn limits(&self) -> LoginLimits {
        let limits = LoginLimits::default();
        let registration = Limit { free: self.registrations_per_address, ..limits.registration };
        LoginLimits { registration, ..limits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(id: Option<&str>, secret: Option<&str>, url: &str) -> LogInArgs {
        LogInArgs {
            wechat_app_id: id.map(Into::into),
            wechat_app_secret: secret.map(Into::into),
            wechat_api_url: url.into(),
            registrations_per_address: 3,
            adopted_bcrypt_cost: None,
            old_back_end_beside: false,
        }
    }

    #[test]
    fn the_old_back_end_can_be_beside_where_it_can_read_what_we_write() {
        let beside = |url, adopted_bcrypt_cost| {
            LogInArgs { adopted_bcrypt_cost, old_back_end_beside: true, ..args(None, None, "") }
                .beside(url)
        };
        assert!(beside("mysql://h/d", Some(10)).unwrap());
        for (url, cost) in [("mysql://h/d", None), ("sqlite:///d", Some(10))] {
            let refusal = beside(url, cost).unwrap_err().to_string();
            assert!(refusal.starts_with("OLD_BACK_END_BESIDE is set, and"), "{refusal}");
        }
        assert!(!args(None, None, "").beside("sqlite:///d").unwrap());
    }

    #[test]
    fn wechat_is_set_in_whole_or_not_at_all() {
        let url = "https://api.weixin.qq.com/";
        assert!(args(None, None, url).wechat().unwrap().is_none());
        assert!(args(Some(""), Some(" "), url).wechat().unwrap().is_none());
        let whole = args(Some("wx1"), Some("hunter2"), url).wechat().unwrap().unwrap();
        assert_eq!(whole.api_url, "https://api.weixin.qq.com");
        let refusal = |args: LogInArgs| args.wechat().err().unwrap().to_string();
        let half = refusal(args(Some("wx1"), None, url));
        assert!(half.starts_with("WECHAT_APP_SECRET is not set. Set it"), "{half}");
        let half = refusal(args(None, Some("hunter2"), url));
        assert!(half.starts_with("WECHAT_APP_ID is not set. Set it"), "{half}");
        assert!(!half.contains("hunter2"), "{half}");
        let nowhere = refusal(args(Some("wx1"), Some("hunter2"), "api.weixin.qq.com"));
        assert!(nowhere.starts_with("WECHAT_API_URL is "), "{nowhere}");
    }

    #[test]
    fn a_limit_that_is_set_is_the_one_that_holds() {
        assert_eq!(args(None, None, "").limits().registration.free, 3);
    }
}
