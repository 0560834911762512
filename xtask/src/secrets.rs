//! Secrets of one installation: made at random once, kept in files that only the owner reads.

use std::{
    fs::{self, Permissions},
    io::ErrorKind,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::private_file::{create_private_dir, write_private};

/// Mobile number of the demo user, whose id is 31.
pub const DEMO_USER_MOBILE: &str = "13612227930";
/// Mobile number of the demo customer service agent.
pub const DEMO_AGENT_MOBILE: &str = "13800000001";
/// Mobile number of the demo administrator.
pub const DEMO_ADMIN_MOBILE: &str = "13800000002";

/// Everything secret that an origin and its edge need.
#[derive(Clone)]
pub struct Secrets {
    /// Keys between the processes, and the demo passwords.
    pub values: Values,
    /// The file of the private JWT keys, for the origin.
    pub jwt_keys_file: PathBuf,
    /// The public JWT keys on one line, for the edge.
    pub jwt_public_keys: String,
}

/// The secrets that are plain text. Each key is 32 random bytes in base64url.
#[derive(Clone, Serialize, Deserialize)]
pub struct Values {
    /// Signs what the edge asserts to the origin.
    pub edge_to_origin_key: String,
    /// Signs what the origin pushes to the edge.
    pub origin_to_edge_key: String,
    /// Signs device tokens.
    pub device_token_key: String,
    /// Derives refresh tokens.
    pub refresh_token_key: String,
    /// Password of the demo user.
    pub demo_user_password: String,
    /// Password of the demo agent.
    pub demo_agent_password: String,
    /// Password of the demo administrator.
    pub demo_admin_password: String,
}

impl Secrets {
    /// The secrets kept in `dir`, made there if they are not (folder 0700, files 0600).
    ///
    /// # Errors
    /// The folder cannot be written, a file in it is not what was written, or the origin's
    /// binary (which makes the JWT keys) fails.
    pub fn load_or_create(dir: &Path, origin: &Path) -> Result<Self> {
        create_private_dir(dir)?;
        let jwt_keys_file = dir.join("jwt-keys.json");
        if !jwt_keys_file.exists() {
            let keys = keys_command(origin, "generate", &jwt_keys_file)?;
            write_private(&jwt_keys_file, keys.as_bytes())?;
        }
        close_to_others(&jwt_keys_file)?;
        Ok(Self {
            values: Values::load_or_create(&dir.join("secrets.json"))?,
            jwt_public_keys: keys_command(origin, "public", &jwt_keys_file)?.trim().to_owned(),
            jwt_keys_file,
        })
    }
}

impl Values {
    /// Each value by itself, for who must see that none of them shows anywhere.
    #[must_use]
    pub fn all(&self) -> [&str; 7] {
        [
            &self.edge_to_origin_key,
            &self.origin_to_edge_key,
            &self.device_token_key,
            &self.refresh_token_key,
            &self.demo_user_password,
            &self.demo_agent_password,
            &self.demo_admin_password,
        ]
    }

    /// Secrets that nobody has had before.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn random() -> Result<Self> {
        Ok(Self {
            edge_to_origin_key: random_key()?,
            origin_to_edge_key: random_key()?,
            device_token_key: random_key()?,
            refresh_token_key: random_key()?,
            demo_user_password: random_password()?,
            demo_agent_password: random_password()?,
            demo_admin_password: random_password()?,
        })
    }

    fn load_or_create(path: &Path) -> Result<Self> {
        let damaged = || format!("{} is damaged; without it new secrets are made", path.display());
        let kept = match fs::read(path) {
            Ok(json) => serde_json::from_slice(&json).with_context(damaged)?,
            Err(error) if error.kind() == ErrorKind::NotFound => Map::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        // A file of an earlier version lacks what has come since; what it has stays.
        let mut values = serde_json::to_value(Self::random()?)?;
        if let Some(values) = values.as_object_mut() {
            let fresh = values.len();
            values.extend(kept.clone());
            if kept.len() < fresh {
                let mut json = serde_json::to_vec_pretty(values)?;
                json.push(b'\n');
                write_private(path, &json)?;
            }
        }
        close_to_others(path)?;
        serde_json::from_value(values).with_context(damaged)
    }
}

fn keys_command(origin: &Path, verb: &str, file: &Path) -> Result<String> {
    let output = Command::new(origin).args(["keys", verb]).env("JWT_KEYS_FILE", file).output();
    let output = output.with_context(|| format!("cannot run {}", origin.display()))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        bail!("`origin keys {verb}` failed for {}: {told}", file.display());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn close_to_others(path: &Path) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o600))
        .with_context(|| format!("cannot set the mode of {}", path.display()))
}

fn random_key() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?))
}

/// Four groups of five letters and digits that are not taken for one another: 99 bits.
fn random_password() -> Result<String> {
    const SYMBOLS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";
    // The dash parts the groups, so 31 symbols are drawn from; what falls on it is drawn again.
    let mut drawn = String::new();
    while drawn.len() < 20 {
        let [byte] = random_bytes::<1>()?;
        let symbol = char::from(SYMBOLS[usize::from(byte % 32)]);
        if symbol != '-' {
            drawn.push(symbol);
        }
    }
    let groups = [0, 5, 10, 15].map(|start| &drawn[start..start + 5]);
    Ok(groups.join("-"))
}

#[expect(clippy::disallowed_methods, reason = "secrets come from the system's randomness")]
fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("the system gives no randomness")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_readable_and_different() {
        let one = random_password().unwrap();
        assert_eq!(one.len(), 23);
        assert!(one.split('-').all(|group| group.len() == 5), "{one}");
        assert_ne!(one, random_password().unwrap());
    }

    #[test]
    fn keys_are_thirty_two_bytes() {
        let key = URL_SAFE_NO_PAD.decode(random_key().unwrap()).unwrap();
        assert_eq!(key.len(), 32);
    }

    #[test]
    fn values_are_kept_and_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.json");
        let made = Values::load_or_create(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let again = Values::load_or_create(&path).unwrap();
        assert_eq!(made.device_token_key, again.device_token_key);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_of_an_earlier_version_keeps_what_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.json");
        fs::write(&path, r#"{"device_token_key":"kept"}"#).unwrap();
        let filled = Values::load_or_create(&path).unwrap();
        assert_eq!(filled.device_token_key, "kept");
        let again = Values::load_or_create(&path).unwrap();
        assert_eq!(again.refresh_token_key, filled.refresh_token_key);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.json");
        fs::write(&path, "{").unwrap();
        let error = Values::load_or_create(&path).err().unwrap().to_string();
        assert!(error.contains("secrets.json"), "{error}");
    }
}
