//! Values in place of `?`: of each column one that is in the table and finds little, as what is looked for does.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;
use tests::database::TestDatabase;

/// Finds values, and remembers them.
pub struct Values<'a> {
    database: &'a TestDatabase,
    tables: Vec<String>,
    known: HashMap<(String, bool, String), String>,
}

/// What a `?` is compared with.
struct Place {
    column: String,
    /// `=`, `<`…
    by: String,
}

impl<'a> Values<'a> {
    pub fn new(database: &'a TestDatabase, tables: Vec<String>) -> Self {
        Self { database, tables, known: HashMap::new() }
    }

    /// The statement with a literal for each `?`.
    pub async fn put_into(&mut self, sql: &str) -> String {
        let mut whole = String::new();
        let pieces: Vec<&str> = sql.split('?').collect();
        for (nth, piece) in pieces.iter().enumerate() {
            whole.push_str(piece);
            if nth + 1 == pieces.len() {
                break;
            }
            let (before, after) = (pieces[..=nth].join("?"), pieces[nth + 1]);
            whole.push_str(&self.value(sql, &before, after).await);
        }
        whole
    }

    async fn value(&mut self, sql: &str, before: &str, after: &str) -> String {
        if before.ends_with("LIMIT ") {
            return "20".to_owned();
        }
        if before.ends_with("OFFSET ") {
            return "0".to_owned();
        }
        if before.rsplit_once("INSTR(").is_some_and(|(_, within)| !within.contains(')')) {
            return "'7'".to_owned();
        }
        if before.ends_with("+ ") || before.ends_with("- ") {
            return "1".to_owned();
        }
        if before.trim_end().ends_with("_hash =") {
            // No log shows it, nor a statement.
            return "'x'".to_owned();
        }
        let place =
            place(before, after).unwrap_or_else(|| panic!("what stands for the ? after {before}"));
        for table in self.tables.clone() {
            let mut words = sql.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words.any(|word| word == table)
                && let Some(value) = self.of(&table, &place).await
            {
                return value;
            }
        }
        panic!("no table has {}: {sql}", place.column)
    }

    /// A value of a table's column as a literal; `None` where it has no such column.
    async fn of(&mut self, table: &str, Place { column, by }: &Place) -> Option<String> {
        let (least, most) = (by.starts_with('<') && by != "<>", by.starts_with('>'));
        let key = (format!("{table}.{column}"), least, by.clone());
        if let Some(known) = self.known.get(&key) {
            return Some(known.clone());
        }
        let kind = format!(
            "SELECT CAST(data_type AS CHAR) FROM information_schema.columns
             WHERE table_schema = DATABASE() AND table_name = '{table}' AND column_name = '{column}'"
        );
        let kind = self.database.texts(&kind).await.pop()?;
        let query = if least || most {
            let which = if least { "MIN" } else { "MAX" };
            format!(
                "SELECT CAST({which}({column}) AS CHAR) FROM {table} HAVING COUNT({column}) > 0"
            )
        } else {
            format!(
                "SELECT CAST({column} AS CHAR) FROM {table} WHERE {column} IS NOT NULL
                 GROUP BY {column} ORDER BY COUNT(*), {column} LIMIT 1"
            )
        };
        let is_number = ["int", "bigint", "smallint", "tinyint", "double"].contains(&kind.as_str());
        let found = self.database.texts(&query).await.pop();
        let value = match found {
            Some(number) if is_number => number,
            Some(text) => format!("'{}'", text.replace('\'', "''")),
            None if is_number => "1".to_owned(),
            None => "NULL".to_owned(),
        };
        self.known.insert(key, value.clone());
        Some(value)
    }
}

/// What comes before a `?`: the column, and what it is compared by, where it is not `=`.
static BEFORE: LazyLock<[Regex; 6]> = LazyLock::new(|| {
    [
        r"(\w+) IN \((?:\?, ?)*$",
        r"(\w+) \+ 0 (<>|<=|>=|=|<|>) $",
        r"(\w+) (<>|<=|>=|=|<|>) $",
        r"COALESCE\((\w+), $",
        r"COALESCE\((?:\w+\.)?(\w+), [\w.]+\) (<=|>=|=|<|>) $",
        r"\(SELECT \w+\.(\w+) FROM [^()]*\) = $",
    ]
    .map(|pattern| Regex::new(pattern).unwrap())
});

fn place(before: &str, after: &str) -> Option<Place> {
    if before.ends_with("COALESCE(") {
        let column = after.strip_prefix(", ")?.split(')').next()?;
        return Some(Place { column: column.to_owned(), by: "=".to_owned() });
    }
    let found = BEFORE.iter().find_map(|pattern| pattern.captures(before))?;
    let by = found.get(2).map_or("=", |by| by.as_str());
    Some(Place { column: found[1].to_owned(), by: by.to_owned() })
}

#[test]
fn what_a_value_is_compared_with_is_known() {
    let said = |before: &str, after: &str| {
        place(before, after).map(|place| format!("{} {}", place.column, place.by))
    };
    let known = |text: &str| Some(text.to_owned());
    assert_eq!(said("SELECT a FROM b WHERE b.c >= ", ""), known("c >="));
    assert_eq!(said("SELECT a FROM b WHERE b.c + 0 < ", ""), known("c <"));
    assert_eq!(said("DELETE FROM b WHERE c IN (?, ?, ", ", ?)"), known("c ="));
    assert_eq!(said("UPDATE b SET c = COALESCE(", ", d)"), known("d ="));
    assert_eq!(said("UPDATE b SET c = COALESCE(d, ", ")"), known("d ="));
    assert_eq!(said("WHERE COALESCE(s.d, s.e) >= ", ""), known("d >="));
    assert_eq!(
        said("AND (SELECT o.status FROM users o WHERE o.a = s.a) = ", ""),
        known("status =")
    );
    assert_eq!(said("SELECT ", ""), None);
}
