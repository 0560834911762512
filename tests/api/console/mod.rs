mod audit;
mod deactivate;
mod deactivate_user;
mod inspect_token;
mod search;
mod timeline;
