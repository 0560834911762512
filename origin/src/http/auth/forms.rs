//! What log-ins and registrations send.

use garde::Validate;
use serde::{Deserialize, Deserializer};
use shared::user::ClientType;
use utoipa::ToSchema;

use crate::{
    extract::context::CallContext,
    password::{MAX_CHARS, MIN_CHARS},
    sessions::device::{self, DeviceToken},
    state::App,
    store::{sessions::Device, users::Account},
};

/// Who someone says they are.
#[derive(Deserialize, Validate, ToSchema)]
pub struct Credentials {
    /// Mobile number, or else `email`.
    #[serde(default, deserialize_with = "trimmed")]
    #[garde(custom(one_of(&self.email)), inner(pattern(r"^[+0-9]{1,20}$")))]
    #[schema(pattern = r"^[+0-9]{1,20}$", extensions(("x-or-else" = json!("email"))))]
    pub mobile: Option<String>,
    /// E-mail address, or else `mobile`.
    #[serde(default, deserialize_with = "mailbox")]
    #[garde(inner(length(chars, min = 1, max = 254), ascii))]
    #[schema(pattern = "^[!-~]{1,254}$")]
    pub email: Option<String>,
    /// The password.
    #[garde(length(chars, min = 1, max = MAX_CHARS))]
    #[schema(min_length = 1, max_length = 128, format = Password)]
    pub password: String,
}

/// What WeChat knows someone by.
#[derive(Deserialize, Validate, ToSchema)]
pub struct WechatCredentials {
    /// What `wx.login` gave the mini-program.
    #[garde(length(chars, min = 1, max = 128), ascii)]
    #[schema(pattern = r"^[\x00-\x7F]{1,128}$")]
    pub code: String,
}

/// What an account is made of.
#[derive(Deserialize, Validate, ToSchema)]
pub struct NewAccount {
    /// Mobile number, or else `email`.
    #[garde(custom(one_of(&self.email)), inner(pattern(r"^(1[3-9][0-9]{9}|\+[1-9][0-9]{6,14})$")))]
    #[schema(
        pattern = r"^(1[3-9][0-9]{9}|\+[1-9][0-9]{6,14})$",
        extensions(("x-or-else" = json!("email"))),
    )]
    pub mobile: Option<String>,
    /// E-mail address, or else `mobile`.
    #[garde(inner(email, length(chars, max = 254)))]
    #[schema(format = Email, max_length = 254)]
    pub email: Option<String>,
    /// The password.
    #[garde(length(chars, min = MIN_CHARS, max = MAX_CHARS))]
    #[schema(min_length = 8, max_length = 128, format = Password)]
    pub password: String,
    /// Display name.
    #[garde(length(chars, min = 1, max = 50), custom(not_blank))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    pub nickname: String,
}

/// What a client says of itself, in any log-in.
#[derive(Deserialize, Validate, ToSchema)]
pub struct DeviceForm {
    /// The kind of client; a mini-program where it does not say.
    #[serde(default = "mini_program")]
    #[garde(skip)]
    pub client_type: ClientType,
    /// The id that the client gives itself.
    #[garde(inner(length(chars, min = 1, max = 128), ascii))]
    #[schema(pattern = r"^[\x00-\x7F]{1,128}$")]
    pub device_id: Option<String>,
    /// What its owner calls it.
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100)]
    device_name: Option<String>,
    /// `phone`, `tablet`, `desktop`…
    #[garde(inner(length(chars, min = 1, max = 32)))]
    #[schema(min_length = 1, max_length = 32)]
    device_type: Option<String>,
    /// Proof from an earlier log-in that it is that device.
    #[garde(inner(length(bytes, max = 4096)))]
    #[schema(max_length = 4096)]
    pub device_token: Option<String>,
}

/// One spelling of a number, and so one budget of guesses: the database's collation looks past blanks
/// at the end where a budget's key does not.
fn trimmed<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let sent = Option::<String>::deserialize(from)?;
    Ok(sent.map(|sent| sent.trim().to_owned()))
}

/// The same for an e-mail address.
fn mailbox<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(from).map(normal_email)
}

fn mini_program() -> ClientType {
    ClientType::MiniProgram
}

#[expect(clippy::ref_option, reason = "garde hands out fields as they are")]
fn one_of(other: &Option<String>) -> impl FnOnce(&Option<String>, &()) -> garde::Result + '_ {
    move |this, ()| {
        if this.is_some() == other.is_some() {
            return Err(garde::Error::new("send either mobile or email"));
        }
        Ok(())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is garde's")]
fn not_blank(text: &str, _: &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be blank")) } else { Ok(()) }
}

/// An e-mail address as it is stored and looked up: "Bob@Example.com" and "bob@example.com" are one
/// mailbox, whatever the database's collation says.
pub fn normal_email(email: Option<String>) -> Option<String> {
    email.map(|email| email.trim().to_lowercase())
}

/// What an account is looked up by.
pub fn account<'a>(mobile: Option<&'a String>, email: Option<&'a String>) -> Option<Account<'a>> {
    mobile
        .map(|mobile| Account::Mobile(mobile))
        .or_else(|| email.map(|email| Account::Email(email)))
}

impl DeviceForm {
    /// What the device token says, where one was sent that we signed. One that does not hold, or
    /// none, is no reason to refuse a log-in: it is only no proof.
    pub fn proof(&self, app: &App) -> Option<DeviceToken> {
        DeviceToken::open(self.device_token.as_deref()?, &app.device_tokens).ok()
    }

    /// The device as its session keeps it: what the call shows, and what the client says of itself.
    pub fn device(&self, call: &CallContext) -> Device {
        let shown = device::of_call(call);
        Device {
            device_id: self.device_id.clone(),
            device_name: self.device_name.clone(),
            device_type: self.device_type.clone().or(shown.device_type),
            ..shown
        }
    }
}
