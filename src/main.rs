//! helpdesk-mail

fn main() {}
