//! Files are complete or unchanged after errors and kills, at paths of every type.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::io::{self, SeekFrom};
use std::path::Path;

use syrinx_atomic::{folder_of, remove_leftovers, write_bytes, write_bytes_inside, write_whole};

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(name).collect();
    names.sort();
    names
}

#[test]
fn what_fails_leaves_the_old_content_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    let fail = || {
        write_whole(&path, |file| {
            file.write_all(b"half of")?;
            Err(io::Error::other("enough"))
        })
    };
    assert_eq!(fail().unwrap_err().to_string(), "enough");
    assert_eq!(names(folder.path()), [""; 0]);
    write_bytes(&path, b"old").unwrap();
    fail().unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    write_bytes(&path, b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["a.txt"]);
    // A folder isn't replaced either.
    fs::create_dir(folder.path().join("b")).unwrap();
    write_bytes(&folder.path().join("b"), b"new").unwrap_err();
    assert_eq!(names(folder.path()), ["a.txt", "b"]);
}

#[test]
fn a_header_is_filled_in_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    write_whole(&path, |file| {
        file.write_all(b"?, then three")?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(b"3")
    })
    .unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"3, then three");
}

#[test]
fn an_error_is_the_operating_systems_own() {
    let folder = tempfile::tempdir().unwrap();
    let error = write_bytes(&folder.path().join("no/such/a.txt"), b"").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.raw_os_error().is_some(), "{error}");
}

/// The one test with relative paths: the working folder is that of all tests of the process.
#[test]
fn a_bare_name_is_in_the_working_folder() {
    assert_eq!(folder_of(Path::new("a.txt")), Path::new("."));
    assert_eq!(folder_of(Path::new("b/a.txt")), Path::new("b"));
    let folder = tempfile::tempdir().unwrap();
    let before = std::env::current_dir().unwrap();
    std::env::set_current_dir(folder.path()).unwrap();
    let outcome = write_bytes(Path::new("a.txt"), b"here");
    std::env::set_current_dir(before).unwrap();
    outcome.unwrap();
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"here");
}

#[test]
fn the_longest_names_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    for length in [200, 240, 241, 255] {
        write_bytes(&folder.path().join("n".repeat(length)), b"long").unwrap();
    }
    assert_eq!(names(folder.path()).len(), 4);
}

#[test]
fn leftovers_of_one_file_are_removed_and_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", ".a.tmp-Ab3xYz", ".b.tmp-Ab3xYz", ".tmp-Ab3xYz", "a.tmp-Ab3xYz"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    remove_leftovers(&folder.path().join("a"));
    remove_leftovers(&folder.path().join("n".repeat(255)));
    remove_leftovers(&folder.path().join("no/such"));
    assert_eq!(names(folder.path()), [".b.tmp-Ab3xYz", ".tmp-Ab3xYz", "a", "a.tmp-Ab3xYz"]);
}

#[cfg(unix)]
#[test]
fn rights_are_those_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (usual, ours) = (folder.path().join("usual"), folder.path().join("ours"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    fs::write(&usual, "").unwrap();
    write_bytes(&ours, b"").unwrap();
    assert_eq!(mode(&ours), mode(&usual));
}

#[cfg(unix)]
#[test]
fn a_link_that_the_user_names_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("there")).unwrap();
    let (real, link) = (folder.path().join("there/real"), folder.path().join("link"));
    fs::write(&real, "old").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    write_bytes(&link, b"new").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&real).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["link", "there"]);
    assert_eq!(names(&folder.path().join("there")), ["real"]);
}

#[cfg(unix)]
#[test]
fn files_of_the_program_do_not_follow_a_link_out_of_their_folder() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("run/shards")).unwrap();
    fs::write(at("outside"), "old").unwrap();
    fs::write(at("run/shards/inside"), "old").unwrap();
    symlink(at("outside"), at("run/out")).unwrap();
    symlink("../outside", at("run/relative")).unwrap();
    symlink("out", at("run/twice")).unwrap();
    symlink("/dev/null", at("run/device")).unwrap();
    for name in ["run/out", "run/relative", "run/twice", "run/device"] {
        let error = write_bytes_inside(&at(name), b"new").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name}");
        assert!(error.to_string().contains("a symbolic link leads out of the folder"), "{error}");
    }
    assert_eq!(fs::read(at("outside")).unwrap(), b"old");
    // Inside, at a free place and in a folder that is a link itself, all is as elsewhere.
    symlink("shards/inside", at("run/in")).unwrap();
    symlink("nowhere", at("run/dangling")).unwrap();
    symlink("run", at("linked")).unwrap();
    for name in ["run/in", "run/dangling", "run/new", "linked/other"] {
        write_bytes_inside(&at(name), b"new").unwrap();
        assert_eq!(fs::read(at(name)).unwrap(), b"new", "{name}");
    }
    assert_eq!(fs::read(at("run/shards/inside")).unwrap(), b"new");
    assert!(!at("run/nowhere").exists() && !at("nowhere").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_to_and_not_replaced() {
    let back_and_forth = |path: &str| {
        write_whole(Path::new(path), |file| {
            file.write_all(b"?")?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(b"!")
        })
    };
    assert_eq!(back_and_forth("/dev/full").unwrap_err().kind(), io::ErrorKind::StorageFull);
    back_and_forth("/dev/null").unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}
