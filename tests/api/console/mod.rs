mod audit;
mod deactivate;
mod deactivate_user;
mod search;
mod timeline;
