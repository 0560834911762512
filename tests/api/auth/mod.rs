mod ends;
mod log_in;
mod log_out;
mod me;
mod register;
mod risk;
mod same_device;
