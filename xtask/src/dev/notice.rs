//! What is printed when both are up.

use super::state::{Login, State};

pub fn text(state: &State) -> String {
    let State { edge_url, origin_url, logins, .. } = state;
    let user = &logins.user;
    format!(
        r#"
  edge      {edge_url}
  origin    {origin_url}
  console   {origin_url}/console   (log in as agent or admin)
  database  {database}
  logs      .dev/logs/edge.log, .dev/logs/origin.log
  scripts   .dev/state.json

Log-ins (mobile, password):
  user 31   {user_line}
  agent     {agent_line}
  admin     {admin_line}

To try: log in through the edge, list what user 31 sells, open a chat.
  TOKEN=$(curl -s {edge_url}/api/v4/auth/login -H 'content-type: application/json' -d '{{"mobile":"{mobile}","password":"{password}","client_type":"mini_program","device_id":"demo"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s {edge_url}/api/v4/market/my-listings -H "authorization: Bearer $TOKEN"
  curl -s -X POST {edge_url}/api/v4/system/chat/sessions -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{{}}'

Ctrl-C stops both."#,
        database = without_password(&state.database_url),
        user_line = line(user),
        agent_line = line(&logins.agent),
        admin_line = line(&logins.admin),
        mobile = user.mobile,
        password = user.password,
    )
}

fn line(login: &Login) -> String {
    format!("{}  {}", login.mobile, login.password)
}

/// A database URL as it may stand on a screen.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((login, place)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{place}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_is_left_out() {
        assert_eq!(without_password("mysql://me:p@ss@host:3306/db"), "mysql://me@host:3306/db");
        assert_eq!(without_password("sqlite:///a/b.db"), "sqlite:///a/b.db");
    }
}
