//! Archives that want to harm, and one that does not.

use std::io::{Cursor, Write};
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const WANTED: &str = "packer-plugin-acme_v1.2.3_x5.0_linux_amd64";

const LIMITS: Limits = Limits { entries: 20, program: 1 << 20, ratio: 100, small: 1 << 16 };

/// An archive of files with their contents.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Takes the program out of an archive, in a folder of its own.
fn taken(bytes: &[u8]) -> (Result<Vec<u8>, ArchiveError>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("a/b/c");
    std::fs::create_dir_all(&inside).unwrap();
    let (zip, program) = (inside.join("archive.zip"), inside.join("program"));
    std::fs::write(&zip, bytes).unwrap();
    let extracted = extract(&zip, WANTED, &program, &LIMITS);
    let taken = extracted.map(|()| std::fs::read(&program).unwrap());
    (taken, folder)
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// Replaces bytes by as many others, wherever they are.
fn replaced(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> =
        (0..=bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

#[test]
fn the_program_is_taken_and_nothing_else_is_unpacked() {
    let content = b"#!/bin/sh\n";
    let bytes = archive(&[
        ("../../../escaped", b"x"),
        ("/tmp/cooper-escaped", b"x"),
        ("..\\escaped", b"x"),
        ("LICENSE", b"x"),
        (WANTED, content),
        (&format!("../{WANTED}"), b"x"),
        (&format!("folder/{WANTED}"), b"x"),
    ]);
    let (taken, folder) = taken(&bytes);
    assert_eq!(taken.unwrap(), content);
    let inside = folder.path().join("a/b/c");
    assert_eq!(files(folder.path()), [inside.join("archive.zip"), inside.join("program")]);
    assert!(!Path::new("/tmp/cooper-escaped").exists());
}

/// As most plugins are published: Go's `archive/zip` made it.
#[test]
fn an_archive_that_go_has_written_is_read() {
    assert_eq!(taken(include_bytes!("go.zip")).0.unwrap(), b"#!/bin/sh\necho go\n");
}

/// Sizes and checksums stand behind the files.
#[test]
fn an_archive_that_was_written_in_one_go_is_read() {
    let mut zip = ZipWriter::new_stream(Vec::new());
    for (name, content) in [("LICENSE", &b"free"[..]), (WANTED, b"#!/bin/sh\n")] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    assert_eq!(taken(&bytes).0.unwrap(), b"#!/bin/sh\n");
}

#[test]
fn what_is_not_one_file_of_that_name_is_refused() {
    let table: [(&str, Vec<u8>, &str); 12] = [
        ("nothing", archive(&[]), "there is no `packer-plugin-acme"),
        (
            "another name",
            archive(&[("packer-plugin-acme", b"x"), ("b\n", b"x")]),
            "but `packer-plugin-acme`, `b\\n`",
        ),
        ("no archive", b"<html>".to_vec(), "no sound zip archive"),
        ("an empty file", Vec::new(), "no sound zip archive"),
        ("the first half", archive(&[(WANTED, &[7; 4000])])[..60].to_vec(), "no sound zip archive"),
        (
            "two of that name",
            {
                let other = WANTED.replace("acme", "acmf");
                let bytes = archive(&[(WANTED, b"x"), (&other, b"y")]);
                replaced(bytes, other.as_bytes(), WANTED.as_bytes())
            },
            "is in it twice",
        ),
        (
            "a link",
            {
                let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
                zip.add_symlink(WANTED, "/etc/passwd", SimpleFileOptions::default()).unwrap();
                zip.finish().unwrap().into_inner()
            },
            "is a link in it",
        ),
        (
            "a device",
            {
                let bytes = archive(&[(WANTED, b"x")]);
                replaced(
                    bytes,
                    &(0o100_755_u32 << 16).to_le_bytes(),
                    &(0o020_755_u32 << 16).to_le_bytes(),
                )
            },
            "is no file in it",
        ),
        (
            "other bytes than it says",
            {
                let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
                let stored =
                    SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
                zip.start_file(WANTED, stored).unwrap();
                zip.write_all(b"genuine").unwrap();
                replaced(zip.finish().unwrap().into_inner(), b"genuine", b"changed")
            },
            "no sound zip archive",
        ),
        (
            "too many files",
            {
                let names: Vec<String> = (0..21).map(|number| number.to_string()).collect();
                let files: Vec<(&str, &[u8])> =
                    names.iter().map(|name| (&**name, &b"x"[..])).collect();
                archive(&files)
            },
            "there are 21 files in it",
        ),
        (
            "what grows a hundred times",
            archive(&[(WANTED, &vec![0; 1 << 19])]),
            "less than a 100th",
        ),
        ("what is too large", archive(&[(WANTED, &vec![0; (1 << 20) + 1])]), "larger than 1 MiB"),
    ];
    for (what, bytes, wanted) in table {
        let (taken, _folder) = taken(&bytes);
        let refused = taken.expect_err(what).to_string();
        assert!(refused.contains(wanted), "{what}: {refused}");
    }
}

/// Where in an archive entries of its directory begin, and those of the files.
fn places(bytes: &[u8], signature: &[u8; 4]) -> Vec<usize> {
    (0..bytes.len()).filter(|at| bytes[*at..].starts_with(signature)).collect()
}

/// Sets a bit of what an archive says of its first file, in both places where it says so.
fn flagged(mut bytes: Vec<u8>, bit: u16) -> Vec<u8> {
    for (signature, offset) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = places(&bytes, signature)[0] + offset;
        let flags = u16::from_le_bytes([bytes[at], bytes[at + 1]]) | bit;
        bytes[at..at + 2].copy_from_slice(&flags.to_le_bytes());
    }
    bytes
}

#[test]
fn odd_entries_are_refused() {
    const ENCRYPTED: u16 = 1;
    let sound = || archive(&[(WANTED, b"#!/bin/sh\n")]);
    let table: [(&str, Vec<u8>, &str); 6] = [
        ("encrypted", flagged(sound(), ENCRYPTED), "encrypted"),
        (
            "encrypted, as its directory alone says",
            {
                let mut bytes = sound();
                let at = places(&bytes, b"PK\x01\x02")[0] + 8;
                bytes[at] |= 1;
                bytes
            },
            "",
        ),
        (
            "compressed in an unknown way",
            {
                let mut bytes = sound();
                for (signature, offset) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
                    let at = places(&bytes, signature)[0] + offset;
                    bytes[at..at + 2].copy_from_slice(&14_u16.to_le_bytes());
                }
                bytes
            },
            "compressed in an unusual way",
        ),
        (
            "another name in front of it than in the directory",
            {
                let mut bytes = sound();
                let at = places(&bytes, b"PK\x03\x04")[0] + 30;
                bytes[at] = b'q';
                bytes
            },
            "",
        ),
        (
            "a place that is behind the end",
            {
                let mut bytes = sound();
                let at = places(&bytes, b"PK\x01\x02")[0] + 42;
                bytes[at..at + 4].copy_from_slice(&0x00ff_ffff_u32.to_le_bytes());
                bytes
            },
            "no sound zip archive",
        ),
        (
            "a folder of its name",
            archive(&[(&format!("{WANTED}/"), b"")]),
            "there is no `packer-plugin-acme",
        ),
    ];
    for (what, bytes, wanted) in table {
        let (taken, folder) = taken(&bytes);
        let refused = taken.expect_err(what).to_string();
        assert!(refused.contains(wanted), "{what}: {refused}");
        assert!(files(folder.path()).len() <= 2, "{what}");
    }
}

/// Names are compared as bytes, whole; nothing in them is a path, an end or a change of letters.
#[test]
fn names_that_only_look_like_it_are_others() {
    let zero = WANTED.replace("acme", "ac\0e");
    for name in [
        &*format!("/{WANTED}"),
        &format!("./{WANTED}"),
        &format!("..\\{WANTED}"),
        &format!("C:\\{WANTED}"),
        &format!("{WANTED}\0"),
        &format!("{WANTED}\0.txt"),
        &format!("{WANTED} "),
        &WANTED.to_uppercase(),
        &zero,
    ] {
        let (alone, folder) = taken(&archive(&[(name, b"evil")]));
        let refused = alone.expect_err(name).to_string();
        assert!(refused.contains("there is no `packer-plugin-acme"), "{name:?}: {refused}");
        assert!(!refused.contains('\0'), "{refused:?}");
        assert_eq!(files(folder.path()).len(), 1, "{name:?}");
        let (beside, _folder) = taken(&archive(&[(name, b"evil"), (WANTED, b"good")]));
        assert_eq!(beside.unwrap(), b"good", "{name:?}");
    }
}

/// Archives of more than four gigabytes are written so, and small ones may be.
#[test]
fn the_large_form_is_read() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().large_file(true);
    zip.start_file(WANTED, options).unwrap();
    zip.write_all(b"#!/bin/sh\n").unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    assert_eq!(taken(&bytes).0.unwrap(), b"#!/bin/sh\n");
}

/// Some begin with a program that unpacks them, and end with a comment.
#[test]
fn what_stands_around_an_archive_does_no_harm() {
    let inside = archive(&[("LICENSE", b"free")]);
    let mut bytes = inside.clone();
    bytes.extend(archive(&[(WANTED, b"#!/bin/sh\n")]));
    // The last directory counts; the archive before it is only bytes.
    assert_eq!(taken(&bytes).0.unwrap(), b"#!/bin/sh\n");
    let mut stuffed = ZipWriter::new(Cursor::new(Vec::new()));
    stuffed.set_comment(String::from_utf8_lossy(&[b'#'; 60_000]).into_owned()).unwrap();
    stuffed.start_file(WANTED, SimpleFileOptions::default()).unwrap();
    stuffed.write_all(b"x").unwrap();
    assert_eq!(taken(&stuffed.finish().unwrap().into_inner()).0.unwrap(), b"x");
}

#[test]
fn a_size_that_is_not_true_is_not_relied_on() {
    let content = vec![b'a'; 70_000];
    let bytes = archive(&[(WANTED, &content)]);
    // It says that it is tiny.
    let tiny = replaced(bytes.clone(), &70_000_u32.to_le_bytes(), &1_u32.to_le_bytes());
    assert!(taken(&tiny).0.is_err());
    // It says that it is of ten gigabytes, as far as four bytes can.
    let huge = replaced(bytes, &70_000_u32.to_le_bytes(), &0xffff_fff0_u32.to_le_bytes());
    let refused = taken(&huge).0.expect_err("too large").to_string();
    assert!(refused.contains("larger than 1 MiB"), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is changed in an archive, nothing but the program is written, within its bounds.
    #[test]
    fn a_changed_archive_does_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = archive(&[("LICENSE", b"free"), (WANTED, b"#!/bin/sh\necho hello\n")]);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let (taken, folder) = taken(&bytes);
        prop_assert!(taken.map_or(0, |taken| taken.len() as u64) <= LIMITS.program);
        prop_assert!(files(folder.path()).len() <= 2);
    }
}
