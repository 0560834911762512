//! What an adoption would do, and what stands in its way.

use serde::Serialize;
use sqlx::{AssertSqlSafe, MySqlConnection};

use super::migrations;

use super::{
    survey::{FoundColumn, Survey},
    target::{CLIENT_TYPE_DEFAULT, COLUMNS, Column, KEYS, NEVER_NULL, TABLES, WRITTEN},
};

/// Tables of ours, each made by a statement.
const OWN_TABLES: &str = include_str!("tables.sql");
/// Rows that a server takes into a key in a second; cautiously.
const ROWS_INTO_KEYS: i64 = 200_000;
/// Messages that get a place in a second; cautiously.
const ROWS_PLACED: i64 = 5_000;
/// What the steps need to be allowed.
const PRIVILEGES: [&str; 8] =
    ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "INDEX", "TRIGGER"];

/// Something to be done; what is done already is in no plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// For people.
    pub what: String,
    #[serde(skip)]
    pub(super) act: Act,
}

/// How it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Changes a table of the old back end while it is in use.
    Alter { table: &'static str, clause: String },
    /// Makes a table of ours.
    Create(String),
    /// Gives the messages that have none their place.
    Place,
    /// Says of the staff's live sessions that they are a browser's.
    StaffSessions,
    /// Marks migrations as done and runs those that are not.
    Migrate,
}

/// What is there, what would be done, and what stands in the way.
#[derive(Debug, Default, Serialize)]
pub struct Plan {
    /// Rows by table.
    pub rows: Vec<(&'static str, i64)>,
    /// Messages without a place.
    pub unplaced: i64,
    /// What would be done, in this order.
    pub steps: Vec<Step>,
    /// What must be settled first; with one of these nothing is done.
    pub conflicts: Vec<String>,
    /// What is as it may be, and worth knowing.
    pub notes: Vec<String>,
    /// About how long it takes.
    pub estimated_seconds: i64,
    /// What the database's user must be allowed.
    pub privileges: Vec<&'static str>,
}

impl Plan {
    /// Looks, and changes nothing.
    pub(super) async fn make(c: &mut MySqlConnection) -> sqlx::Result<Self> {
        let survey = Survey::take(c).await?;
        let mut plan = Self { privileges: PRIVILEGES.to_vec(), ..Self::default() };
        for table in TABLES.into_iter().filter(|table| !survey.has_table(table)) {
            plan.conflicts.push(format!("there is no table {table}"));
        }
        if !plan.conflicts.is_empty() {
            return Ok(plan);
        }
        plan.rows = survey.rows.iter().map(|(table, rows)| (*table, *rows)).collect();
        let migrated = migrated(c, &survey).await?;
        if migrated > 0 && survey.column("chat_messages", "placed_late").is_none() {
            plan.conflicts
                .push("migrations have made this database: there is nothing to adopt".into());
            return Ok(plan);
        }
        plan.look_at_columns(&survey);
        plan.look_at_rows(c, &survey).await?;
        plan.look_at_privileges(c).await?;
        plan.schema(&survey);
        plan.data(c, &survey).await?;
        if migrated < migrations::count() {
            let what = "migrations: mark those that this replaces as done, and run the others";
            plan.push(what.to_owned(), Act::Migrate);
        }
        Ok(plan)
    }

    fn push(&mut self, what: String, act: Act) {
        self.steps.push(Step { what, act });
    }

    fn look_at_columns(&mut self, survey: &Survey) {
        for (table, columns) in NEVER_NULL {
            for column in *columns {
                if survey.column(table, column).is_none() {
                    self.conflicts.push(format!("{table} has no column {column}"));
                }
            }
        }
        for table in TABLES {
            for (name, column) in survey.columns_of(table) {
                if column.column_type.contains("unsigned") {
                    self.conflicts.push(format!("{table}.{name} is unsigned; it must be signed"));
                }
            }
        }
        for (table, written) in WRITTEN {
            for (name, column) in survey.columns_of(table) {
                let ours = COLUMNS.iter().any(|one| one.table == *table && one.name == name);
                if column.needs_a_value() && !ours && !written.contains(&name) {
                    self.conflicts.push(format!(
                        "{table}.{name} may not be NULL and has no default, and Drawbridge gives it no value: give it a default"
                    ));
                }
            }
        }
        for column in COLUMNS {
            let Some(found) = survey.column(column.table, column.name) else { continue };
            let wanted =
                column.definition.split(['(', ' ']).next().unwrap_or_default().to_lowercase();
            let is_it = found.data_type == wanted
                // What MariaDB makes of it.
                || (wanted == "json" && found.data_type == "longtext");
            if !is_it {
                self.conflicts.push(format!(
                    "{}.{} is there already and is {}, where Drawbridge has {wanted}: give it another name",
                    column.table, column.name, found.column_type
                ));
            }
        }
    }

    async fn look_at_rows(&mut self, c: &mut MySqlConnection, survey: &Survey) -> sqlx::Result<()> {
        for (table, columns) in NEVER_NULL {
            let may_be =
                |column: &&&str| survey.column(table, column).is_some_and(FoundColumn::is_nullable);
            for column in columns.iter().filter(may_be) {
                let rows = count(c, format!("SELECT COUNT(*) FROM {table} WHERE {column} IS NULL"))
                    .await?;
                if rows > 0 {
                    self.conflicts
                        .push(format!("{table}.{column} is NULL in {rows} rows: give it a value"));
                }
            }
        }
        for key in
            KEYS.iter().filter(|key| key.is_theirs && !survey.is_unique(key.table, key.columns))
        {
            let (table, column) = (key.table, key.columns);
            let twice = count(
                c,
                format!(
                    "SELECT COUNT(*) FROM (SELECT {column} FROM {table} WHERE {column} IS NOT NULL
                     GROUP BY {column} HAVING COUNT(*) > 1) twice"
                ),
            )
            .await?;
            if twice > 0 {
                self.conflicts
                    .push(format!("{twice} values of {table}.{column} are there more than once"));
            }
        }
        let orphans = count(
            c,
            "SELECT COUNT(*) FROM chat_messages m LEFT JOIN customer_service_sessions s
                 ON s.customer_service_session_id = m.customer_service_session_id
             WHERE s.customer_service_session_id IS NULL"
                .to_owned(),
        )
        .await?;
        if orphans > 0 {
            self.notes.push(format!(
                "{orphans} messages are of no conversation; they stay, and nobody sees them"
            ));
        }
        let several = count(
            c,
            "SELECT COUNT(*) FROM (SELECT user_id FROM customer_service_sessions WHERE status <> 'closed'
             GROUP BY user_id HAVING COUNT(*) > 1) several"
                .to_owned(),
        )
        .await?;
        if several > 0 {
            self.notes.push(format!(
                "{several} users have several conversations open; they stay open, and such a user goes on in the newest"
            ));
        }
        let duplicates = count(
            c,
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM chat_messages WHERE temp_message_id IS NOT NULL AND sender_id IS NOT NULL
             GROUP BY customer_service_session_id, sender_id, temp_message_id HAVING COUNT(*) > 1) twice"
                .to_owned(),
        )
        .await?;
        if duplicates > 0 {
            self.notes.push(format!("{duplicates} temp_message_ids were stored more than once; all of their messages stay"));
        }
        Ok(())
    }

    /// What is granted by a role is not seen here: so it is a note, and no conflict.
    async fn look_at_privileges(&mut self, c: &mut MySqlConnection) -> sqlx::Result<()> {
        let granted: Vec<String> = sqlx::query_scalar(
            "SELECT CAST(privilege_type AS CHAR) FROM information_schema.user_privileges
             WHERE grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')
             UNION SELECT CAST(privilege_type AS CHAR) FROM information_schema.schema_privileges
             WHERE grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''') AND DATABASE() LIKE table_schema",
        )
        .fetch_all(c)
        .await?;
        let missing: Vec<&str> =
            PRIVILEGES.into_iter().filter(|one| !granted.iter().any(|had| had == one)).collect();
        if !missing.is_empty() {
            self.notes.push(format!(
                "not seen among the grants of this database's user: {}",
                missing.join(", ")
            ));
        }
        Ok(())
    }

    fn schema(&mut self, survey: &Survey) {
        for table in TABLES {
            let lacking = COLUMNS
                .iter()
                .filter(|one| one.table == table && survey.column(table, one.name).is_none());
            let (computed, stored): (Vec<&Column>, Vec<&Column>) =
                lacking.partition(|one| one.is_virtual);
            if !stored.is_empty() {
                let clauses: Vec<_> = stored
                    .iter()
                    .map(|one| format!("ADD COLUMN {} {}", one.name, one.definition))
                    .collect();
                let names: Vec<_> = stored.iter().map(|one| one.name).collect();
                let what = format!("{table}: add columns {}", names.join(", "));
                self.push(what, Act::Alter { table, clause: clauses.join(", ") });
            }
            if table == "authentication_sessions"
                && !survey
                    .column(table, "client_type")
                    .is_some_and(|one| one.default().contains("web"))
            {
                let what = format!("{table}: what an INSERT without client_type is taken for");
                self.push(what, Act::Alter { table, clause: CLIENT_TYPE_DEFAULT.to_owned() });
            }
            for column in computed {
                let what = format!("{table}: add computed column {}", column.name);
                let clause = format!("ADD COLUMN {} {}", column.name, column.definition);
                self.push(what, Act::Alter { table, clause });
            }
            for key in KEYS.iter().filter(|key| key.table == table) {
                let is_there = if key.is_theirs {
                    survey.is_unique(table, key.columns)
                } else {
                    survey.has_key(table, key.name)
                };
                if is_there {
                    continue;
                }
                let kind = if key.is_unique { "UNIQUE KEY" } else { "KEY" };
                let clause = format!("ADD {kind} {} ({})", key.name, key.columns);
                self.push(format!("{table}: add key {}", key.name), Act::Alter { table, clause });
                self.estimated_seconds +=
                    survey.rows.get(table).copied().unwrap_or(0) / ROWS_INTO_KEYS;
            }
        }
        for statement in OWN_TABLES.split(";\n") {
            let Some((_, after)) = statement.split_once("CREATE TABLE IF NOT EXISTS ") else {
                continue;
            };
            let name = after.split_whitespace().next().unwrap_or_default();
            if !survey.has_table(name) {
                self.push(format!("{name}: make the table"), Act::Create(statement.to_owned()));
            }
        }
    }

    async fn data(&mut self, c: &mut MySqlConnection, survey: &Survey) -> sqlx::Result<()> {
        let has_seq = survey.column("chat_messages", "seq").is_some();
        self.unplaced = if has_seq {
            count(
                c,
                "SELECT COUNT(*) FROM chat_messages m JOIN customer_service_sessions s
                     ON s.customer_service_session_id = m.customer_service_session_id WHERE m.seq IS NULL"
                    .to_owned(),
            )
            .await?
        } else {
            survey.rows.get("chat_messages").copied().unwrap_or(0)
        };
        if self.unplaced > 0 {
            let what = format!(
                "chat_messages: give {} messages their seq, by conversation in the order (created_at, chat_message_id)",
                self.unplaced
            );
            self.push(what, Act::Place);
            self.estimated_seconds += self.unplaced / ROWS_PLACED;
        }
        let staff = count(
            c,
            if survey.column("authentication_sessions", "client_type").is_some() {
                "SELECT COUNT(*) FROM authentication_sessions
                 WHERE is_active = 1 AND user_type = 'admin' AND client_type = 'mini_program' AND logged_in_at IS NULL"
            } else {
                "SELECT COUNT(*) FROM authentication_sessions WHERE is_active = 1 AND user_type = 'admin'"
            }
            .to_owned(),
        )
        .await?;
        if staff > 0 {
            let what = format!(
                "authentication_sessions: {staff} live sessions of the staff are a browser's"
            );
            self.push(what, Act::StaffSessions);
        }
        Ok(())
    }
}

/// How many migrations are done.
async fn migrated(c: &mut MySqlConnection, survey: &Survey) -> sqlx::Result<usize> {
    if !survey.has_table("_sqlx_migrations") {
        return Ok(0);
    }
    let done =
        count(c, "SELECT COUNT(*) FROM _sqlx_migrations WHERE success = TRUE".to_owned()).await?;
    Ok(usize::try_from(done).unwrap_or(usize::MAX))
}

async fn count(c: &mut MySqlConnection, query: String) -> sqlx::Result<i64> {
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(c).await
}
