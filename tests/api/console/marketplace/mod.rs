mod list;
mod stats;
mod withdraw;
