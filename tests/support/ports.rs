//! Ports of 127.0.0.1 for servers that want to be told theirs, and ports at which nobody listens.
//!
//! A port that the system gives away by itself (`ip_local_port_range`, from 32768) may be taken again before the server
//! listens at it, by any connection of another test; one of these is given once in a process, and others begin elsewhere.

use std::net::TcpListener;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// The lowest port that is given, and how many there are.
const RANGE: (u16, u16) = (10_000, 20_000);

/// Counts on from a place of this process's own.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let place = std::process::id().wrapping_mul(6_151) % u32::from(RANGE.1);
    AtomicU16::new(u16::try_from(place).expect("below 20,000"))
});

/// A port at which nobody listens.
pub fn free() -> u16 {
    let ports = std::iter::repeat_with(|| RANGE.0 + NEXT.fetch_add(1, Ordering::Relaxed) % RANGE.1);
    let mut free =
        ports.take(usize::from(RANGE.1)).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().expect("one of 20,000 ports is free")
}
