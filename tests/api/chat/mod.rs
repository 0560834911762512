mod conversations;
mod messages;
