//! Values in place of `?`: of each column one that is in the table and finds little, as what is looked for does.

use std::collections::HashMap;

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
        let ends = |pattern: &str| Regex::new(&format!("(?:{pattern})$")).unwrap().is_match(before);
        if ends("LIMIT ") {
            return "20".to_owned();
        }
        if ends("OFFSET ") {
            return "0".to_owned();
        }
        if ends(r"[+-] ") {
            return "1".to_owned();
        }
        let place =
            place(before, after).unwrap_or_else(|| panic!("what stands for the ? after {before}"));
        for table in self.tables.clone() {
            let is_named = Regex::new(&format!(r"\b{table}\b")).unwrap().is_match(sql);
            if is_named && let Some(value) = self.of(&table, &place).await {
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

fn place(before: &str, after: &str) -> Option<Place> {
    let by = |pattern: &str| Regex::new(pattern).unwrap().captures(before);
    let named =
        |column: &str, by: &str| Some(Place { column: column.to_owned(), by: by.to_owned() });
    if let Some(found) = by(r"(\w+) IN \((?:\?, ?)*$") {
        return named(&found[1], "=");
    }
    if let Some(found) = by(r"(\w+) (<>|<=|>=|=|<|>) $") {
        return named(&found[1], &found[2]);
    }
    if let Some(found) = by(r"COALESCE\((\w+), $") {
        return named(&found[1], "=");
    }
    if by(r"COALESCE\($").is_some() {
        let found = Regex::new(r"^, (\w+)").unwrap().captures(after)?;
        return named(&found[1], "=");
    }
    if let Some(found) = by(r"COALESCE\((?:\w+\.)?(\w+), [\w.]+\) (<=|>=|=|<|>) $") {
        return named(&found[1], &found[2]);
    }
    let found = by(r"\(SELECT \w+\.(\w+) FROM [^()]*\) (=) $")?;
    named(&found[1], &found[2])
}

#[test]
fn what_a_value_is_compared_with_is_known() {
    let said = |before: &str, after: &str| {
        place(before, after).map(|place| format!("{} {}", place.column, place.by))
    };
    let known = |text: &str| Some(text.to_owned());
    assert_eq!(said("SELECT a FROM b WHERE b.c >= ", ""), known("c >="));
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
