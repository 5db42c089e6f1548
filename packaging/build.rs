//! Lets the linker pack the program's relocations, a megabyte of it, where the C library of this machine can unpack them:
//! glibc does from 2.36 on.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=packaging/build.rs");
    if is_built_for_this_machine() && glibc().is_some_and(|version| version >= (2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

fn is_built_for_this_machine() -> bool {
    env::var_os("TARGET").is_some_and(|target| Some(target) == env::var_os("HOST"))
        && env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|name| name == "gnu")
}

/// The version of this machine's glibc, if it has one.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
