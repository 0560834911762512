//! Log lines: JSON objects, which the platform indexes by their members.

use serde_json::json;

/// Something is wrong on our side.
pub fn error(request_id: &str, message: &str) {
    worker::console_error!("{}", line("error", request_id, message));
}

/// Something is not as it should be, and was coped with.
pub fn warn(request_id: &str, message: &str) {
    worker::console_warn!("{}", line("warn", request_id, message));
}

/// Something happened that someone asked to be told of.
pub fn info(request_id: &str, message: &str) {
    worker::console_log!("{}", line("info", request_id, message));
}

fn line(level: &str, request_id: &str, message: &str) -> String {
    json!({ "level": level, "request_id": request_id, "message": message }).to_string()
}
