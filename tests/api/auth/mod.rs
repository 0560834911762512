mod boundaries;
mod ends;
mod log_in;
mod log_out;
mod me;
mod refresh;
mod register;
mod same_device;
