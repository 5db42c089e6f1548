//! The other process of the mbox tests: holds `FILE` in one of the ways that `HOW` names, until its input ends.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;

use helpdesk_mail::mailbox::{Access, Mailbox, Mbox, Reader};
use helpdesk_mail::model::item::{Acknowledgement, Disposition, Telling};
use rustix::fs::{FlockOperation, fcntl_lock};

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let path = PathBuf::from(arguments.next().unwrap());
    let how = arguments.next().unwrap();
    let folder = path.file_name().unwrap().to_str().unwrap().to_owned();
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let mut mbox = Mbox::new(&path, 1000, Access::ReadWrite);
    match how.to_str().unwrap() {
        "read" => fcntl_lock(&file, FlockOperation::LockShared).unwrap(),
        "write" => fcntl_lock(&file, FlockOperation::LockExclusive).unwrap(),
        "mbox" => mbox.open(&folder).unwrap(),
        "delete" => {
            // Closing any descriptor of a file ends the process's fcntl locks on it.
            drop(file);
            mbox.open(&folder).unwrap();
            println!("holding");
            return delete_one_by_one(&mut mbox);
        }
        other => panic!("{other}"),
    }
    println!("holding");
    std::io::stdout().flush().unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

fn delete_one_by_one(mbox: &mut Mbox) {
    for item in mbox.list(None).unwrap().items {
        let acknowledgement = Acknowledgement {
            key: item.key,
            disposition: Disposition::Delete,
            message_id: None,
            telling: Telling::First,
        };
        mbox.acknowledge(&[acknowledgement]).unwrap();
    }
}
