#![expect(missing_docs, reason = "until the contract has them")]
pub const DESK_MESSAGES: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/messages";
pub const DESK_SEND: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/send";
pub const DESK_READ: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/read";
pub const DESK_ACCEPT: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/accept";
pub const DESK_TRANSFER: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/transfer";
pub const DESK_CLOSE: &str =
    "/api/v4/console/customer-service/sessions/{customer_service_session_id}/close";
pub const DESK_SESSIONS: &str = "/api/v4/console/customer-service/sessions";
pub const CHAT_READ: &str = "/api/v4/system/chat/sessions/{customer_service_session_id}/read";
pub const CHAT_CLOSE: &str = "/api/v4/system/chat/sessions/{customer_service_session_id}/close";
