//! What is there: columns, keys and rows, as the server itself says.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, FromRow, MySqlConnection};

use super::target::TABLES;

/// A column, as the server describes it.
#[derive(Clone, Debug, FromRow)]
pub(super) struct FoundColumn {
    table_name: String,
    column_name: String,
    /// `varchar`, `enum`…
    pub(super) data_type: String,
    /// With length and sign.
    pub(super) column_type: String,
    is_nullable: String,
    column_default: Option<String>,
    extra: String,
}

impl FoundColumn {
    /// Whether an INSERT that does not name it fails.
    pub(super) fn needs_a_value(&self) -> bool {
        let by_itself = ["auto_increment", "generated", "default_generated"];
        let extra = self.extra.to_lowercase();
        self.is_nullable == "NO"
            && self.column_default.is_none()
            && !by_itself.iter().any(|one| extra.contains(one))
    }

    pub(super) fn is_nullable(&self) -> bool {
        self.is_nullable == "YES"
    }

    /// What a row gets that does not say.
    pub(super) fn default(&self) -> &str {
        self.column_default.as_deref().unwrap_or_default()
    }
}

#[derive(FromRow)]
struct FoundKey {
    table_name: String,
    index_name: String,
    columns: String,
    non_unique: i64,
}

/// What is there.
#[derive(Default)]
pub(super) struct Survey {
    columns: BTreeMap<(String, String), FoundColumn>,
    /// By table: name, columns with commas between, whether it is unique.
    keys: Vec<(String, String, String, bool)>,
    tables: BTreeSet<String>,
    /// Rows of the old back end's tables, as the server estimates them.
    pub(super) rows: BTreeMap<&'static str, i64>,
}

impl Survey {
    /// Asks the server.
    pub(super) async fn take(c: &mut MySqlConnection) -> sqlx::Result<Self> {
        let columns: Vec<FoundColumn> = sqlx::query_as(
            "SELECT CAST(table_name AS CHAR) AS table_name, CAST(column_name AS CHAR) AS column_name,
                    LOWER(CAST(data_type AS CHAR)) AS data_type, LOWER(CAST(column_type AS CHAR)) AS column_type,
                    CAST(is_nullable AS CHAR) AS is_nullable, CAST(column_default AS CHAR) AS column_default,
                    CAST(extra AS CHAR) AS extra
             FROM information_schema.columns WHERE table_schema = DATABASE()",
        )
        .fetch_all(&mut *c)
        .await?;
        let keys: Vec<FoundKey> = sqlx::query_as(
            "SELECT CAST(table_name AS CHAR) AS table_name, CAST(index_name AS CHAR) AS index_name,
                    CAST(GROUP_CONCAT(column_name ORDER BY seq_in_index) AS CHAR) AS columns,
                    CAST(MIN(non_unique) AS SIGNED) AS non_unique
             FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name",
        )
        .fetch_all(&mut *c)
        .await?;
        let mut survey = Self::default();
        for column in columns {
            survey.tables.insert(column.table_name.clone());
            survey.columns.insert((column.table_name.clone(), column.column_name.clone()), column);
        }
        for key in keys {
            let is_unique = key.non_unique == 0;
            survey.keys.push((key.table_name, key.index_name, key.columns, is_unique));
        }
        for table in TABLES {
            if !survey.has_table(table) {
                continue;
            }
            let count = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            survey.rows.insert(table, sqlx::query_scalar(count).fetch_one(&mut *c).await?);
        }
        Ok(survey)
    }

    pub(super) fn has_table(&self, table: &str) -> bool {
        self.tables.contains(table)
    }

    pub(super) fn column(&self, table: &str, column: &str) -> Option<&FoundColumn> {
        self.columns.get(&(table.to_owned(), column.to_owned()))
    }

    /// The names and descriptions of a table's columns.
    pub(super) fn columns_of(&self, table: &str) -> impl Iterator<Item = (&str, &FoundColumn)> {
        self.columns
            .iter()
            .filter(move |((of, _), _)| of == table)
            .map(|((_, name), column)| (name.as_str(), column))
    }

    pub(super) fn has_key(&self, table: &str, name: &str) -> bool {
        self.keys.iter().any(|(of, one, ..)| of == table && one == name)
    }

    /// Whether some unique key is on exactly these columns, whatever it is called.
    pub(super) fn is_unique(&self, table: &str, columns: &str) -> bool {
        let mut keys = self.keys.iter();
        keys.any(|(of, _, on, is_unique)| of == table && on == columns && *is_unique)
    }
}
