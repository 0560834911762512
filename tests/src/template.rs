//! A schema that is up to date, copied: to bring each test's database there by the migrations, one by one,
//! takes longer than most tests.

use origin::store::{Db, DbZone};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _};
use tokio::sync::OnceCell;

use crate::{Backend, database::TestDatabase};

/// The file of a SQLite database that is up to date.
pub async fn sqlite() -> &'static [u8] {
    static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
    FILE.get_or_init(async || {
        let database = TestDatabase::create(Backend::Sqlite).await;
        migrate(&database).await;
        let path = database.url.trim_start_matches("sqlite://");
        tokio::fs::read(path).await.expect("a database file")
    })
    .await
}

/// The statements that make a schema that is up to date.
pub async fn mysql(server: &str) -> &'static str {
    static STATEMENTS: OnceCell<String> = OnceCell::const_new();
    STATEMENTS
        .get_or_init(async || {
            let database = TestDatabase::create_at(server).await;
            migrate(&database).await;
            let statements = statements(&database).await;
            database.remove().await;
            statements
        })
        .await
}

async fn migrate(database: &TestDatabase) {
    let db = Db::connect(&database.url, DbZone::UTC, 1).await.expect("the test database answers");
    db.migrate().await.expect("migrations apply");
    db.close().await;
}

async fn statements(database: &TestDatabase) -> String {
    let mut connection = MySqlConnection::connect(&database.url).await.expect("a connection");
    // In any order, whichever refers to which.
    let mut all = "SET FOREIGN_KEY_CHECKS = 0;".to_owned();
    for table in database.texts("SHOW TABLES").await {
        let query = AssertSqlSafe(format!("SHOW CREATE TABLE {table}"));
        let row = sqlx::raw_sql(query).fetch_one(&mut connection).await.expect("a table");
        all += &row.get::<String, _>(1);
        all += ";";
    }
    let applied = database
        .texts(
            "SELECT CONCAT('(', version, ',', QUOTE(description), ',', QUOTE(installed_on), ',', success, ',0x',
                    HEX(checksum), ',', execution_time, ')') FROM _sqlx_migrations",
        )
        .await;
    all += "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)";
    all += " VALUES ";
    all += &applied.join(",");
    all
}
