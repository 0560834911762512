use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{chat::Message, error::ErrorCode, page::Pagination, route};
use utoipa::{IntoParams, ToSchema};

use super::party::Party;
use crate::{
    error::ApiError,
    extract::{
        input::{Id, Query},
        page::{Page, page_limit, page_number},
    },
    http::{Answer, Envelope},
    state::App,
    store::{self, Conn, conversations::Which, db::Handle, messages::Window, slice::Position},
};

/// What cursors of this list are marked with.
const ORDER: &str = "seq";

/// Which part of the history: a page, or what lies before or after a message.
#[derive(Deserialize, Validate, IntoParams)]
pub struct HistoryQuery {
    /// Which page, from 1.
    #[garde(custom(page_number))]
    #[param(minimum = 1)]
    page: Option<u32>,
    /// Rows of a page.
    #[garde(custom(page_limit))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, in place of `page`.
    #[garde(skip)]
    cursor: Option<String>,
    /// Only messages before this `chat_message_id`, newest first.
    #[garde(skip)]
    before: Option<i64>,
    /// Only messages after this `chat_message_id`, oldest first.
    #[garde(skip)]
    after: Option<i64>,
}

/// A part of a conversation's history.
#[derive(Serialize, ToSchema)]
pub struct History {
    messages: Vec<Message>,
    pagination: Pagination,
}

/// Messages of a conversation: newest first by page, cursor or `before` a message, oldest first `after` one.
#[utoipa::path(get, path = route::CHAT_MESSAGES)]
pub async fn history<P: Party>(
    State(app): State<App>,
    party: P,
    Id(id): Id,
    Query(query): Query<HistoryQuery>,
) -> Answer<History> {
    let page = Page::of_long_list(ORDER, query.page, query.limit, query.cursor.as_deref())?;
    let mut handle = app.db.acquire().await?;
    let found = store::conversations::find(handle.conn(), Which::Id(id)).await?;
    let conversation = found.ok_or(ErrorCode::NotFound)?;
    party.participant().may_see(&conversation.facts)?;
    let window = match (query.before, query.after, page.after) {
        (Some(_), Some(_), _) => {
            return Err(ApiError::invalid("after", "send either before or after"));
        }
        (Some(_), None, Some(_)) | (None, Some(_), Some(_)) => {
            return Err(ApiError::invalid(
                "cursor",
                "cannot be given together with before or after",
            ));
        }
        (Some(before), None, None) => {
            Window::UpTo(seq_of(handle.conn(), id, "before", before).await? - 1)
        }
        (None, Some(after), None) => {
            Window::After(seq_of(handle.conn(), id, "after", after).await?)
        }
        (None, None, Some(last)) => Window::UpTo(last.key.saturating_sub(1)),
        // Without a gap in `seq`, what lies in front of a page is a number, not a scan.
        (None, None, None) => {
            let newer = i64::try_from(page.offset()).unwrap_or(i64::MAX);
            Window::UpTo(conversation.last_seq.saturating_sub(newer))
        }
    };
    handle.done();
    let limit = page.slice().limit;
    let read = async |mut handle: Handle| {
        let messages = store::messages::history(handle.conn(), id, window, limit).await?;
        handle.done();
        Ok::<_, ApiError>(messages)
    };
    let mut messages = app.db.read(read).await?;
    // There is no gap in `seq`: a replica that lags is seen by what is not there.
    if messages.len() < expected(window, limit, conversation.last_seq) {
        messages = read(app.db.acquire().await?).await?;
    }
    let place = |message: &Message| Position { by: message.seq, key: message.seq };
    let mut pagination = page.finish(ORDER, conversation.last_seq, &mut messages, place);
    // Cursors go on to what is older.
    if matches!(window, Window::After(_)) {
        pagination.next_cursor = None;
    }
    Ok(Envelope::ok(History { messages, pagination }))
}

/// How many messages a window has, where it has no more than that.
fn expected(window: Window, limit: u32, last_seq: i64) -> usize {
    let there = match window {
        Window::UpTo(seq) => seq,
        Window::After(seq) => last_seq - seq,
    };
    usize::try_from(there.clamp(0, limit.into())).unwrap_or_default()
}

async fn seq_of(
    conn: Conn<'_>,
    id: i64,
    field: &str,
    chat_message_id: i64,
) -> Result<i64, ApiError> {
    store::messages::seq_of(conn, id, chat_message_id)
        .await?
        .ok_or_else(|| ApiError::invalid(field, "must be a message of this conversation"))
}
