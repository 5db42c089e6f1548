//! What the tests share: mails, help desks, real servers, certificates, and servers that misbehave by script.

#![allow(dead_code, reason = "shared by tests that come and go")]

pub mod account;
pub mod arrivals;
pub mod browser;
pub mod busy;
pub mod ca;
pub mod cutter;
pub mod database;
pub mod desk;
pub mod dies;
pub mod dovecot;
pub mod dump;
pub mod endpoint;
pub mod event;
pub mod gate;
pub mod hooked;
pub mod letter;
pub mod nobody;
pub mod odd;
pub mod parcel;
pub mod pop;
pub mod ports;
pub mod postgres;
pub mod postroom;
pub mod provider;
pub mod raw;
pub mod relay;
pub mod scene;
pub mod script;
pub mod smtpd;
pub mod taker;
pub mod torture;
