//! The end of a run: what clients have is held against what is stored, and that against what was written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    plan::{Plan, Seat},
    stage::Stage,
};
use crate::{
    chat::{Book, LetterState, Page},
    system::System,
};

/// What is stored, as the database says.
pub struct Stored(BTreeMap<i64, Vec<Row>>);

/// A stored message.
pub struct Row {
    seq: i64,
    page: Page,
}

impl Stored {
    /// Reads the conversations, in SQL of its own: it does not trust what it tests.
    pub async fn read(system: &System, ids: &[i64]) -> Self {
        let mut stored = BTreeMap::new();
        for id in ids {
            let query = format!(
                "SELECT CAST(JSON_OBJECT('seq', seq, 'id', chat_message_id, 'content', content, 'temp_id', temp_message_id) AS CHAR)
                 FROM chat_messages WHERE customer_service_session_id = {id} ORDER BY seq"
            );
            let rows = system.texts(&query).await;
            stored.insert(*id, rows.iter().map(|row| Row::read(row)).collect());
        }
        Self(stored)
    }

    pub fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

impl Row {
    fn read(text: &str) -> Self {
        let row: Value = serde_json::from_str(text).expect("a JSON object");
        let page = Page {
            chat_message_id: row["id"].as_i64().expect("a key"),
            content: row["content"].as_str().expect("a text").to_owned(),
            temp_id: row["temp_id"].as_str().map(str::to_owned),
        };
        Self { seq: row["seq"].as_i64().expect("a seq"), page }
    }
}

/// What is not as it was promised.
pub fn problems(plan: &Plan, stage: &Stage, stored: &Stored) -> Vec<String> {
    let mut problems = Vec::new();
    for (id, rows) in &stored.0 {
        let gapless =
            rows.iter().map(|row| row.seq).eq(1..=i64::try_from(rows.len()).expect("few"));
        if !gapless {
            problems.push(format!("{id}: what is stored is not numbered without a gap"));
        }
    }
    problems.extend(written_once(plan, stage, stored));
    for (seat, app) in &stage.apps {
        let known = app.state();
        problems.extend(known.book.violations.iter().map(|one| format!("{}: {one}", app.name)));
        problems.extend(has_everything(*seat, &app.name, &known.book, stored));
        problems.extend(letters(&app.name, &known.book, stored));
    }
    problems
}

/// Every line of the plan is stored once, as it was written, and nothing else is.
fn written_once(plan: &Plan, stage: &Stage, stored: &Stored) -> Vec<String> {
    let mut problems = Vec::new();
    let mut found: BTreeMap<&str, Vec<(i64, &str)>> = BTreeMap::new();
    for (id, rows) in &stored.0 {
        for row in rows {
            let temp_id = row.page.temp_id.as_deref().unwrap_or_default();
            found.entry(temp_id).or_default().push((*id, &row.page.content));
        }
    }
    for line in &plan.lines {
        let wanted = (stage.ids[line.conversation], line.content.as_str());
        match found.remove(line.temp_id.as_str()).as_deref() {
            Some([one]) if *one == wanted => {}
            // No line of the plan may be refused for good: nobody is banned, no conversation closed.
            None => problems.push(format!("{} is not stored", line.temp_id)),
            Some(other) => problems.push(format!("{} is stored as {other:?}", line.temp_id)),
        }
    }
    problems.extend(found.keys().map(|temp_id| format!("{temp_id:?} is stored, nobody wrote it")));
    problems
}

/// The set at the client is the set in the database.
fn has_everything(seat: Seat, name: &str, book: &Book, stored: &Stored) -> Vec<String> {
    let mut problems = Vec::new();
    if book.shelves.is_empty() {
        problems.push(format!("{name} ({seat:?}) has no conversation"));
    }
    for (id, shelf) in &book.shelves {
        let rows = stored.0.get(id).map_or(&[][..], Vec::as_slice);
        let there: BTreeSet<_> = rows.iter().map(|row| row.seq).collect();
        let missing: Vec<_> = there.iter().filter(|seq| !shelf.pages.contains_key(seq)).collect();
        if !missing.is_empty() {
            problems.push(format!("{name}: {id} lacks {missing:?}"));
        }
        let invented: Vec<_> = shelf.pages.keys().filter(|seq| !there.contains(seq)).collect();
        if !invented.is_empty() {
            problems.push(format!("{name}: {id} has {invented:?}, which are not stored"));
        }
        for row in rows {
            if shelf.pages.get(&row.seq).is_some_and(|page| *page != row.page) {
                problems.push(format!("{name}: {id} has something else under {}", row.seq));
            }
        }
    }
    problems
}

/// What was acked is stored or durably refused, and what is said to be stored is.
fn letters(name: &str, book: &Book, stored: &Stored) -> Vec<String> {
    let mut problems = Vec::new();
    for letter in &book.letters {
        let rows = stored.0.get(&letter.conversation).map_or(&[][..], Vec::as_slice);
        let row = rows.iter().find(|row| row.page.temp_id.as_ref() == Some(&letter.temp_id));
        let problem = match (&letter.state, row) {
            (LetterState::Sent(seq), Some(row)) if row.seq == *seq => None,
            (LetterState::Failed(_), None) => None,
            (state, row) => {
                Some(format!("is {state:?}, and stored under {:?}", row.map(|row| row.seq)))
            }
        };
        let lost =
            (letter.acked && row.is_none() && !matches!(letter.state, LetterState::Failed(_)))
                .then(|| "was acked and is lost".to_owned());
        let both = [problem, lost].into_iter().flatten();
        problems.extend(both.map(|what| format!("{name}: {} {what}", letter.temp_id)));
    }
    problems
}
