//! Permissions as an ordinary user meets them: root reads and writes everything.

use std::os::unix::fs::lchown;
use std::path::Path;

use rustix::process::{Gid, Uid};

const NOBODY: u32 = 65534;

/// Runs `work` without the rights of root, to whom the tree at `root` belongs no longer.
pub fn as_nobody(root: &Path, work: impl FnOnce() + Send) {
    if !rustix::process::geteuid().is_root() {
        return work();
    }
    give(root);
    // On Linux these calls change one thread alone.
    std::thread::scope(|scope| {
        let done = scope.spawn(|| {
            let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
            rustix::thread::set_thread_res_gid(group, group, group).unwrap();
            rustix::thread::set_thread_res_uid(user, user, user).unwrap();
            work();
        });
        done.join().unwrap();
    });
}

fn give(path: &Path) {
    lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        std::fs::read_dir(path).unwrap().for_each(|entry| give(&entry.unwrap().path()));
    }
}
