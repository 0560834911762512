//! Every code that a client can be told, with its status, close code and messages: the one table.

/// The language that messages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Language {
    /// Simplified Chinese, spoken unless the client asks for English.
    #[default]
    #[serde(rename = "zh-CN")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// The language that an `Accept-Language` header prefers, of the two that there are.
    #[must_use]
    pub fn preferred(accept_language: Option<&str>) -> Self {
        let mut best = (Self::Chinese, 0);
        // A header has few entries; a long one is not worth reading to its end.
        for entry in accept_language.unwrap_or_default().split(',').take(16) {
            let mut parts = entry.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
            let language = match tag.split('-').next() {
                Some("zh") => Self::Chinese,
                Some("en") => Self::English,
                _ => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }
}

/// A weight (RFC 9110, 12.4.2), from 0 to 1 with up to three decimals; 0 for what is none. By hand: a
/// reader of floats is kilobytes of the wasm.
fn thousandths(weight: &str) -> u16 {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if !matches!(whole, "0" | "1") || decimals.len() > 3 {
        return 0;
    }
    let decimals = decimals.bytes().chain(*b"000").take(3).try_fold(0, |sum, digit| {
        digit.is_ascii_digit().then(|| 10 * sum + u16::from(digit - b'0'))
    });
    match (whole, decimals) {
        ("1", Some(0)) => 1000,
        ("0", Some(decimals)) => decimals,
        _ => 0,
    }
}

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $wire:literal, $status:literal, $close:expr, $chinese:literal, $english:literal;)+) => {
        /// What a client is told when a call or a socket is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[doc = $doc])* $variant),+ }

        crate::wire_enum::as_words!(ErrorCode);
        crate::wire_enum::documented!(
            ErrorCode,
            ["What a client branches on."],
            [$($wire: [$($doc),*]),+]
        );

        impl ErrorCode {
            /// Every code.
            pub const ALL: [Self; [$(Self::$variant),+].len()] = [$(Self::$variant),+];

            /// The code's text on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire),+ }
            }

            /// The HTTP status of a response that carries it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// The close code of a socket that ends with it; `None` where no socket does.
            #[must_use]
            pub const fn close_code(self) -> Option<u16> {
                match self { $(Self::$variant => $close),+ }
            }

            /// What a person reads.
            #[must_use]
            pub const fn message(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::Chinese) => $chinese,
                      (Self::$variant, Language::English) => $english),+
                }
            }
        }
    };
}

error_codes! {
    /// The session's absolute end has passed.
    SessionExpired = "SESSION_EXPIRED", 401, Some(4410), "会话已过期，请重新登录", "Your session has expired. Please log in again.";
    /// Nothing was done for longer than the idle limit.
    SessionIdle = "SESSION_IDLE", 401, Some(4411), "长时间未操作，请重新登录", "You were away for too long. Please log in again.";
    /// A new log-in took the session's place.
    SessionReplaced = "SESSION_REPLACED", 401, Some(4412), "您的账号已在其他位置登录", "Your account has logged in somewhere else.";
    /// An admin ended the session.
    SessionDeactivated = "SESSION_DEACTIVATED", 401, Some(4413), "会话已被管理员终止", "An administrator has ended this session.";
    /// The user ended the session from another device.
    SessionRevoked = "SESSION_REVOKED", 401, Some(4414), "会话已被您在其他设备上下线", "You have ended this session from another device.";
    /// The session was logged out.
    SessionLoggedOut = "SESSION_LOGGED_OUT", 401, Some(4415), "您已退出登录", "You have logged out.";
    /// The password was changed since.
    PasswordChanged = "PASSWORD_CHANGED", 401, Some(4416), "密码已修改，请重新登录", "Your password has changed. Please log in again.";
    /// A refresh token was presented a second time.
    ReuseDetected = "REUSE_DETECTED", 401, Some(4417), "检测到异常，会话已终止", "Something was wrong with this session, so it was ended.";
    /// There is no such session.
    SessionNotFound = "SESSION_NOT_FOUND", 401, Some(4418), "会话不存在，请重新登录", "There is no such session. Please log in again.";
    /// The account is banned or inactive.
    UserInactive = "USER_INACTIVE", 403, Some(4419), "账号已停用", "This account is not active.";
    /// No token was sent.
    TokenMissing = "TOKEN_MISSING", 401, Some(4401), "请先登录", "Please log in first.";
    /// The token cannot be parsed, or is over the limit.
    TokenMalformed = "TOKEN_MALFORMED", 401, Some(4402), "登录凭证格式错误", "The token cannot be read.";
    /// The token was refused by a check.
    TokenInvalid = "TOKEN_INVALID", 401, Some(4403), "登录凭证无效", "The token is not valid.";
    /// The token's end has passed.
    TokenExpired = "TOKEN_EXPIRED", 401, Some(4404), "登录凭证已过期", "The token has expired.";
    /// Wrong password or no such user; the two are not told apart.
    InvalidCredentials = "INVALID_CREDENTIALS", 401, None, "账号或密码错误", "Wrong account or password.";
    /// WeChat does not know the code, or it was used.
    WechatCodeInvalid = "WECHAT_CODE_INVALID", 401, None, "微信登录凭证无效", "The WeChat code is not valid.";
    /// WeChat asks for patience.
    WechatBusy = "WECHAT_BUSY", 503, None, "微信服务繁忙，请稍后重试", "WeChat is busy. Please try again later.";
    /// WeChat has blocked this user as a risk.
    WechatBlocked = "WECHAT_BLOCKED", 403, None, "微信登录被拒绝", "WeChat refused this log-in.";
    /// The policy allows no further session.
    SessionLimit = "SESSION_LIMIT", 409, None, "登录设备数量已达上限", "Too many devices are logged in.";
    /// A cookie came from an origin that is not on the list.
    CsrfRejected = "CSRF_REJECTED", 403, None, "请求来源不被允许", "Requests from this origin are not allowed.";
    /// The caller may not do this.
    Forbidden = "FORBIDDEN", 403, None, "没有权限", "You may not do this.";
    /// There is no such thing, or the caller may not know of it.
    NotFound = "NOT_FOUND", 404, None, "资源不存在", "Not found.";
    /// The path exists; the method does not.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405, None, "请求方法不被允许", "This method is not allowed here.";
    /// The state of things does not allow it.
    Conflict = "CONFLICT", 409, None, "当前状态不允许此操作", "The current state does not allow this.";
    /// The body, frame or header is over its limit.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413, None, "请求内容过大", "The request is too large.";
    /// The body is of another type than `application/json`.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415, None, "不支持的内容类型", "This content type is not supported.";
    /// What was sent does not parse.
    BadRequest = "BAD_REQUEST", 400, Some(4400), "请求格式错误", "The request cannot be read.";
    /// What was sent parses and is not allowed; `fields` says where.
    ValidationFailed = "VALIDATION_FAILED", 422, Some(4400), "请求参数无效", "Some fields are not valid.";
    /// Too many calls; `Retry-After` says when to come back.
    RateLimited = "RATE_LIMITED", 429, Some(4429), "请求过于频繁，请稍后重试", "Too many requests. Please try again later.";
    /// A socket did not authenticate in time.
    AuthTimeout = "AUTH_TIMEOUT", 401, Some(4408), "连接认证超时", "The connection did not authenticate in time.";
    /// A socket reads more slowly than it is written to.
    SlowConsumer = "SLOW_CONSUMER", 429, Some(4430), "接收过慢，连接已断开", "The connection reads too slowly.";
    /// The user opened more sockets than are allowed.
    TooManySockets = "TOO_MANY_SOCKETS", 429, Some(4431), "连接数过多", "Too many connections are open.";
    /// A fault of ours; the request id finds its cause in the log.
    Internal = "INTERNAL", 500, Some(1011), "服务器内部错误", "Something went wrong on our side.";
    /// The origin cannot be reached.
    OriginUnavailable = "ORIGIN_UNAVAILABLE", 503, Some(1012), "服务暂时不可用，请稍后重试", "The service is not available right now. Please try again later.";
}

impl ErrorCode {
    /// Whether it tells the fate of a session; such answers also carry [`LEGACY_SESSION_CODE`].
    #[must_use]
    pub const fn is_session_end(self) -> bool {
        matches!(
            self,
            Self::SessionExpired
                | Self::SessionIdle
                | Self::SessionReplaced
                | Self::SessionDeactivated
                | Self::SessionRevoked
                | Self::SessionLoggedOut
                | Self::PasswordChanged
                | Self::ReuseDetected
                | Self::SessionNotFound
                | Self::UserInactive
        )
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The one code that clients already out there know for every dead session.
pub const LEGACY_SESSION_CODE: &str = "SESSION_INVALIDATED";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_statuses_and_close_codes_are_those_of_the_contract() {
        let told = |code: ErrorCode| (code.as_str(), code.status(), code.close_code());
        assert_eq!(told(ErrorCode::SessionExpired), ("SESSION_EXPIRED", 401, Some(4410)));
        assert_eq!(told(ErrorCode::SessionReplaced), ("SESSION_REPLACED", 401, Some(4412)));
        assert_eq!(told(ErrorCode::SessionNotFound), ("SESSION_NOT_FOUND", 401, Some(4418)));
        assert_eq!(told(ErrorCode::UserInactive), ("USER_INACTIVE", 403, Some(4419)));
        assert_eq!(told(ErrorCode::TokenExpired), ("TOKEN_EXPIRED", 401, Some(4404)));
        assert_eq!(told(ErrorCode::ValidationFailed), ("VALIDATION_FAILED", 422, Some(4400)));
        assert_eq!(told(ErrorCode::OriginUnavailable), ("ORIGIN_UNAVAILABLE", 503, Some(1012)));
    }

    #[test]
    fn every_session_end_closes_a_socket_with_a_code_of_its_own() {
        let ends: Vec<_> =
            ErrorCode::ALL.into_iter().filter(|code| code.is_session_end()).collect();
        let closes: HashSet<_> = ends.iter().filter_map(|code| code.close_code()).collect();
        assert_eq!(ends.len(), 10);
        assert_eq!(closes.len(), ends.len());
    }

    #[test]
    fn wire_text_is_what_serde_writes() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn speaks_the_language_that_is_preferred() {
        let of = |header| Language::preferred(Some(header));
        assert_eq!(Language::preferred(None), Language::Chinese);
        assert_eq!(of("en-GB,en;q=0.9"), Language::English);
        assert_eq!(of("fr, en;q=0.4, zh;q=0.6"), Language::Chinese);
        assert_eq!(of("fr"), Language::Chinese);
        assert_eq!(of("en;q=0"), Language::Chinese);
        assert_eq!(of("zh;q=0.25,en;q=0.3"), Language::English);
        assert_eq!(of("zh;q=0.999,en;q=1.000"), Language::English);
        for none in ["en;q=1.001", "en;q=2", "en;q=0.0001", "en;q=.5", "en;q=0.+5", "en;q=-1"] {
            assert_eq!(of(none), Language::Chinese, "{none}");
        }
        assert_eq!(of(";;q=,,en;q=NaN"), Language::Chinese);
    }
}
