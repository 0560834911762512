//! What the audit log records.

use crate::wire_enum::wire_enum;

wire_enum! {
    /// What happened (`audit_events.event`).
    AuditKind {
        /// An account was made.
        Registered = "registered",
        /// A log-in opened a session.
        LoggedIn = "logged_in",
        /// A log-in was refused: a wrong guess.
        LoginFailed = "login_failed",
        /// A try was told to wait, before anything was checked; once a wait.
        LoginBlocked = "login_blocked",
        /// A log-in from the same device renewed its session.
        SessionRenewed = "session_renewed",
        /// A refresh token was traded for its successor.
        Refreshed = "refreshed",
        /// A session ended.
        SessionEnded = "session_ended",
        /// A log-in claimed the device of another session without proof.
        DeviceClaimRefused = "device_claim_refused",
        /// The user was told of something suspicious.
        SecurityAlert = "security_alert",
        /// A user changed their password.
        PasswordChanged = "password_changed",
        /// A change of a password was refused: the old one was wrong.
        PasswordChangeFailed = "password_change_failed",
        /// An account was banned, closed or opened again.
        UserStatusChanged = "user_status_changed",
        /// What a user may do was changed.
        UserRoleChanged = "user_role_changed",
        /// An admin ended all sessions of a user.
        SessionsDeactivated = "sessions_deactivated",
        /// Somebody who showed who they are was not let in.
        LoginRefused = "login_refused",
        /// Someone of the staff took a conversation.
        ConversationAccepted = "conversation_accepted",
        /// Someone of the staff handed a conversation to another.
        ConversationTransferred = "conversation_transferred",
        /// Someone of the staff closed a conversation.
        ConversationClosed = "conversation_closed",
        /// A seller took a listing back.
        ListingWithdrawn = "listing_withdrawn",
        /// An admin took a listing back.
        ListingAdminWithdrawn = "listing_admin_withdrawn",
    }
}
