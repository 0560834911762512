//! How a database goes about a query.

use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, Row as _, SqliteConnection,
    mysql::MySqlRow,
};

use crate::database::TestDatabase;

/// How a database goes about a query.
#[derive(Debug)]
pub struct Plan {
    /// Of each table: its alias, and the index that it is read by, if by one.
    pub tables: Vec<(String, Option<String>)>,
    /// The tables of which the whole of an index is read.
    pub walked: Vec<String>,
    /// The tables of which nothing but an index is read.
    pub covered: Vec<String>,
    /// Whether nothing is sorted.
    pub in_order: bool,
}

impl Plan {
    /// The index that a table is read by, by its alias; `none` where it is by none.
    #[must_use]
    pub fn index_of(&self, table: &str) -> &str {
        let found = self.tables.iter().find(|(alias, _)| alias == table);
        found.and_then(|(_, index)| index.as_deref()).unwrap_or("none")
    }
}

/// Asks a database how it would go about queries, knowing its tables as they are when this is opened.
pub struct Planner(Inner);

enum Inner {
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

impl Planner {
    /// Has every table looked at first.
    pub async fn open(database: &TestDatabase) -> Self {
        let mut planner = Self::connect(database).await;
        match &mut planner.0 {
            Inner::Sqlite(connection) => {
                connection.execute("ANALYZE").await.expect("tables are looked at");
            }
            Inner::MySql(connection) => {
                for table in tables(database).await {
                    let analyze = AssertSqlSafe(format!("ANALYZE TABLE {table}"));
                    connection.execute(analyze).await.expect("a table is looked at");
                }
            }
        }
        planner
    }

    /// Leaves it at what the database knows of its tables.
    pub async fn connect(database: &TestDatabase) -> Self {
        let url = &database.url;
        Self(if url.starts_with("sqlite") {
            Inner::Sqlite(SqliteConnection::connect(url).await.expect("a connection"))
        } else {
            Inner::MySql(MySqlConnection::connect(url).await.expect("a connection"))
        })
    }

    /// How it would go about a query, which for MySQL has values in place of its `?`.
    pub async fn plan(&mut self, sql: &str) -> Plan {
        match &mut self.0 {
            Inner::MySql(connection) => mysql(connection, sql).await,
            Inner::Sqlite(connection) => sqlite(connection, sql).await,
        }
    }
}

/// The tables of a database.
pub async fn tables(database: &TestDatabase) -> Vec<String> {
    let query = if database.url.starts_with("sqlite") {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    } else {
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()"
    };
    database.texts(query).await
}

async fn mysql(connection: &mut MySqlConnection, sql: &str) -> Plan {
    // The text protocol: MariaDB explains no prepared statement's parameter as a constant.
    let explain = format!("EXPLAIN FORMAT=TRADITIONAL {sql}");
    let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error}: {sql}"));
    let text = |row: &MySqlRow, name: &str| -> Option<String> {
        row.try_get::<Option<String>, _>(name).unwrap_or_else(|_| {
            row.get::<Option<Vec<u8>>, _>(name)
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        })
    };
    let tables = |is: &dyn Fn(&MySqlRow) -> bool| {
        let those = rows.iter().filter(|row| is(row));
        those.filter_map(|row| text(row, "table")).collect::<Vec<_>>()
    };
    Plan {
        walked: tables(&|row| text(row, "type").as_deref() == Some("index")),
        covered: tables(&|row| {
            text(row, "Extra")
                .is_some_and(|extra| extra.split("; ").any(|one| one == "Using index"))
        }),
        tables: rows
            .iter()
            .filter_map(|row| {
                // What has no table is known without reading one.
                let table = text(row, "table")?;
                let scan = text(row, "type").as_deref() == Some("ALL");
                Some((table, text(row, "key").filter(|_| !scan)))
            })
            .collect(),
        in_order: rows
            .iter()
            .all(|row| !text(row, "Extra").unwrap_or_default().contains("filesort")),
    }
}

async fn sqlite(connection: &mut SqliteConnection, sql: &str) -> Plan {
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
        .fetch_all(connection)
        .await
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    let details: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    let tables = |is: &dyn Fn(&str) -> bool| {
        let those = details.iter().filter(|detail| is(detail));
        those.filter_map(|detail| detail.split(' ').nth(1)).map(str::to_owned).collect::<Vec<_>>()
    };
    Plan {
        walked: tables(&|detail| detail.starts_with("SCAN ") && detail.contains(" INDEX ")),
        covered: tables(&|detail| detail.contains(" USING COVERING INDEX ")),
        tables: details
            .iter()
            .filter_map(|detail| {
                let words: Vec<_> = detail.split(' ').collect();
                let table = matches!(words[0], "SEARCH" | "SCAN").then(|| words[1].to_owned())?;
                let after = words.iter().position(|word| *word == "INDEX");
                let key = detail.contains("INTEGER PRIMARY KEY").then(|| "PRIMARY".to_owned());
                Some((table, after.map(|at| words[at + 1].to_owned()).or(key)))
            })
            .collect(),
        in_order: details.iter().all(|detail| !detail.contains("TEMP B-TREE")),
    }
}
