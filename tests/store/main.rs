//! The store layer: its functions on both databases, and the two schemas held against each other.

mod adoption;
mod clean_up;
mod db;
mod desk_search;
mod explain;
mod explain_chat;
mod explain_listings;
mod explain_log_in;
mod explain_search;
mod listing_counts;
mod older;
mod parity;
mod rows;
