//! The two schemas are one: the same tables, columns, nullability and indexes.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _, SqliteConnection};
use tests::{Backend, database::TestDatabase};

/// Of a column: its kind, whether it may be NULL.
type Columns = BTreeMap<String, (Kind, bool)>;
/// Of an index: its columns in order, whether it is unique.
type Indexes = BTreeSet<(Vec<String>, bool)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Integer,
    Real,
    Boolean,
    Text,
    Time,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    columns: Columns,
    indexes: Indexes,
    /// Words that each enumerated column may hold.
    words: BTreeMap<String, BTreeSet<String>>,
}

#[tokio::test]
async fn mysql_and_sqlite_have_the_same_schema() {
    let (mysql, sqlite) = (mysql().await, sqlite().await);
    assert!(mysql.len() >= 7, "{:?}", mysql.keys());
    assert_eq!(mysql.keys().collect::<Vec<_>>(), sqlite.keys().collect::<Vec<_>>());
    for (name, table) in &mysql {
        assert_eq!(table.columns, sqlite[name].columns, "columns of {name}");
        assert_eq!(table.indexes, sqlite[name].indexes, "indexes of {name}");
        assert_eq!(table.words, sqlite[name].words, "enumerated columns of {name}");
    }
}

async fn mysql() -> BTreeMap<String, Table> {
    let database = TestDatabase::create(Backend::MySql).await;
    let db = database.connect().await;
    let mut connection = MySqlConnection::connect(&database.url).await.unwrap();
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let columns = sqlx::query(
        "SELECT CAST(table_name AS CHAR) AS t, CAST(column_name AS CHAR) AS c, CAST(column_type AS CHAR) AS k,
                CAST(is_nullable AS CHAR) AS n
         FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    for row in columns {
        let [table, column, kind, nullable] =
            ["t", "c", "k", "n"].map(|name| row.get::<String, _>(name));
        let table = tables.entry(table).or_default();
        if let Some(words) = kind.strip_prefix("enum(") {
            table.words.insert(column.clone(), words_of(words));
        }
        table.columns.insert(column, (mysql_kind(&kind), nullable == "YES"));
    }
    let indexes = sqlx::query(
        "SELECT CAST(table_name AS CHAR) AS t, CAST(GROUP_CONCAT(column_name ORDER BY seq_in_index) AS CHAR) AS c,
                CAST(MIN(non_unique) AS SIGNED) AS n
         FROM information_schema.statistics
         WHERE table_schema = DATABASE() AND table_name <> '_sqlx_migrations' AND index_name <> 'PRIMARY'
         GROUP BY table_name, index_name",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    for row in indexes {
        let columns = row.get::<String, _>("c").split(',').map(str::to_owned).collect();
        let table = tables.get_mut(&row.get::<String, _>("t")).expect("an index has a table");
        table.indexes.insert((columns, row.get::<i64, _>("n") == 0));
    }
    db.close().await;
    database.remove().await;
    tables
}

fn mysql_kind(kind: &str) -> Kind {
    match kind.split('(').next().unwrap_or_default() {
        "tinyint" => Kind::Boolean,
        "int" | "bigint" | "smallint" => Kind::Integer,
        "double" => Kind::Real,
        "datetime" => Kind::Time,
        "varchar" | "text" | "enum" | "json" | "longtext" => Kind::Text,
        other => panic!("a column of a type that no other is of: {other}"),
    }
}

async fn sqlite() -> BTreeMap<String, Table> {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let db = database.connect().await;
    let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
    let mut tables = BTreeMap::new();
    let names = sqlx::query(
        "SELECT name, sql FROM sqlite_schema
         WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    for row in names {
        let (name, sql) = (row.get::<String, _>("name"), row.get::<String, _>("sql"));
        let mut table = Table::default();
        let columns = sqlx::query(AssertSqlSafe(format!(
            "SELECT name, type, \"notnull\" AS required FROM pragma_table_xinfo('{name}')"
        )))
        .fetch_all(&mut connection)
        .await
        .unwrap();
        for row in columns {
            let column = row.get::<String, _>("name");
            let kind =
                sqlite_kind(row.get::<String, _>("type").split(' ').next().unwrap_or_default());
            let check = format!("CHECK ({column} IN (");
            if let Some((_, words)) = sql.split_once(&check) {
                table.words.insert(column.clone(), words_of(words));
            }
            table.columns.insert(column, (kind, row.get::<i64, _>("required") == 0));
        }
        let indexes = sqlx::query(AssertSqlSafe(format!(
            "SELECT name, \"unique\" AS u FROM pragma_index_list('{name}')"
        )))
        .fetch_all(&mut connection)
        .await
        .unwrap();
        for row in indexes {
            let index = row.get::<String, _>("name");
            let columns = sqlx::query_scalar(AssertSqlSafe(format!(
                "SELECT name FROM pragma_index_info('{index}') ORDER BY seqno"
            )))
            .fetch_all(&mut connection)
            .await
            .unwrap();
            table.indexes.insert((columns, row.get::<i64, _>("u") == 1));
        }
        tables.insert(name, table);
    }
    db.close().await;
    tables
}

fn sqlite_kind(kind: &str) -> Kind {
    match kind {
        "INTEGER" => Kind::Integer,
        "REAL" => Kind::Real,
        "BOOLEAN" => Kind::Boolean,
        "DATETIME" => Kind::Time,
        "TEXT" => Kind::Text,
        other => panic!("a column of a type that no other is of: {other}"),
    }
}

/// The quoted words up to the closing parenthesis.
fn words_of(list: &str) -> BTreeSet<String> {
    let list = list.split(')').next().unwrap_or_default();
    list.split(',').map(|word| word.trim().trim_matches('\'').to_owned()).collect()
}
