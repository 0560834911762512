//! `.dev/state.json`: what scripts need to know of the running pair.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use serde::Serialize;

use super::Plan;
use crate::{private_file::write_private, secrets};

#[derive(Serialize)]
pub struct State {
    pub edge_url: String,
    pub origin_url: String,
    pub database_url: String,
    pub logins: Logins,
}

#[derive(Serialize)]
pub struct Logins {
    pub user: Login,
    pub agent: Login,
    pub admin: Login,
}

#[derive(Serialize)]
pub struct Login {
    pub mobile: &'static str,
    pub password: String,
}

impl State {
    pub fn of(plan: &Plan) -> Self {
        let values = &plan.secrets.values;
        let login = |mobile, password: &String| Login { mobile, password: password.clone() };
        Self {
            edge_url: plan.edge_url(),
            origin_url: plan.origin_url(),
            database_url: plan.database_url.clone(),
            logins: Logins {
                user: login(secrets::DEMO_USER_MOBILE, &values.demo_user_password),
                agent: login(secrets::DEMO_AGENT_MOBILE, &values.demo_agent_password),
                admin: login(secrets::DEMO_ADMIN_MOBILE, &values.demo_admin_password),
            },
        }
    }

    /// Write the file; it goes when the answer is dropped.
    pub fn keep(&self, path: &Path) -> Result<Kept> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        write_private(path, &json)?;
        Ok(Kept(path.to_owned()))
    }
}

pub struct Kept(PathBuf);

impl Drop for Kept {
    fn drop(&mut self) {
        // If it cannot be removed, the next start overwrites it.
        let _ = fs::remove_file(&self.0);
    }
}
