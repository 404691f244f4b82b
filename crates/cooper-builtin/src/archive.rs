//! Tar streams between local files and a container, with flat memory.
//!
//! Reading and writing tar is blocking work: it happens on a thread of its own, and pieces go
//! through a channel that holds a few of them.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures::stream::{BoxStream, Stream, StreamExt};
use tar::{EntryType, Header};
use tokio::sync::mpsc;

use crate::files::permissions;

/// How much goes through the channel at once.
const PIECE: usize = 256 * 1024;

/// How many pieces may wait.
const WAITING: usize = 4;

/// A folder below which nothing more is copied; deeper trees are mistakes or attacks.
const DEEPEST: usize = 256;

/// Who owns what is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Owner {
    /// Who owns it here.
    #[default]
    AsHere,
    /// This user; the group stays as it is here.
    User(u64),
}

/// What makes up one file.
pub(crate) enum Source {
    Bytes(Bytes),
    File(PathBuf),
}

/// An archive of one file, owned by `user` and group 0.
pub(crate) fn of_file(
    name: String,
    source: Source,
    mode: u32,
    modified: u64,
    user: u64,
) -> BoxStream<'static, io::Result<Bytes>> {
    stream(move |archive| {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(mode);
        header.set_mtime(modified);
        header.set_uid(user);
        header.set_gid(0);
        match source {
            Source::Bytes(bytes) => {
                header.set_size(bytes.len() as u64);
                archive.append_data(&mut header, name, &*bytes)
            }
            Source::File(path) => {
                let file = named(&path, File::open(&path))?;
                let size = file.metadata()?.len();
                header.set_size(size);
                append_exactly(archive, &mut header, Path::new(&name), &path, file, size)
            }
        }
    })
}

/// An archive of a folder. Its entries are named below `root`, or stand for themselves when
/// `root` is empty; with `itself` the folder has an entry too.
pub(crate) fn of_folder(
    folder: PathBuf,
    root: String,
    itself: bool,
    owner: Owner,
) -> BoxStream<'static, io::Result<Bytes>> {
    stream(move |archive| {
        let mut walk = Walk { archive, owner, seen: HashMap::new() };
        let metadata = named(&folder, fs::metadata(&folder))?;
        if itself {
            let name = if root.is_empty() { "." } else { &root };
            walk.append(&folder, Path::new(name), &metadata)?;
        }
        walk.children(&folder, Path::new(&root), 0)
    })
}

struct Walk<'a> {
    archive: &'a mut tar::Builder<Sender>,
    owner: Owner,
    /// Where files with several names were first put.
    seen: HashMap<(u64, u64), PathBuf>,
}

impl Walk<'_> {
    fn children(&mut self, folder: &Path, name: &Path, depth: usize) -> io::Result<()> {
        if depth >= DEEPEST {
            let message = format!("`{}` has too many levels of folders", folder.display());
            return Err(io::Error::other(message));
        }
        let mut entries: Vec<_> =
            named(folder, fs::read_dir(folder))?.collect::<io::Result<_>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let name = name.join(entry.file_name());
            let metadata = named(&path, fs::symlink_metadata(&path))?;
            self.append(&path, &name, &metadata)?;
            if metadata.is_dir() {
                self.children(&path, &name, depth + 1)?;
            }
        }
        Ok(())
    }

    fn append(&mut self, path: &Path, name: &Path, metadata: &Metadata) -> io::Result<()> {
        let kind = metadata.file_type();
        let mut header = Header::new_gnu();
        header.set_mode(permissions(metadata));
        header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or(0));
        header.set_uid(match self.owner {
            Owner::AsHere => u64::from(metadata.uid()),
            Owner::User(user) => user,
        });
        header.set_gid(u64::from(metadata.gid()));
        header.set_size(0);
        if kind.is_dir() {
            header.set_entry_type(EntryType::Directory);
            return self.archive.append_data(&mut header, name, io::empty());
        }
        if kind.is_symlink() {
            header.set_entry_type(EntryType::Symlink);
            let target = named(path, fs::read_link(path))?;
            return self.archive.append_link(&mut header, name, target);
        }
        if metadata.nlink() > 1 {
            let inode = (metadata.dev(), metadata.ino());
            if let Some(first) = self.seen.get(&inode) {
                header.set_entry_type(EntryType::Link);
                return self.archive.append_link(&mut header, name, first);
            }
            self.seen.insert(inode, name.to_owned());
        }
        if kind.is_file() {
            header.set_entry_type(EntryType::Regular);
            header.set_size(metadata.len());
            let file = named(path, File::open(path))?;
            return append_exactly(self.archive, &mut header, name, path, file, metadata.len());
        }
        if kind.is_fifo() {
            header.set_entry_type(EntryType::Fifo);
            return self.archive.append_data(&mut header, name, io::empty());
        }
        if kind.is_block_device() || kind.is_char_device() {
            let block = kind.is_block_device();
            header.set_entry_type(if block { EntryType::Block } else { EntryType::Char });
            header.set_device_major(rustix::fs::major(metadata.rdev()))?;
            header.set_device_minor(rustix::fs::minor(metadata.rdev()))?;
            return self.archive.append_data(&mut header, name, io::empty());
        }
        // A socket means nothing without the process that made it; Docker leaves it out too.
        Ok(())
    }
}

/// Appends as many bytes as the header says; a file that changes its size meanwhile is an error.
fn append_exactly(
    archive: &mut tar::Builder<Sender>,
    header: &mut Header,
    name: &Path,
    path: &Path,
    file: File,
    size: u64,
) -> io::Result<()> {
    let mut counted = Counted { inner: file.take(size), read: 0 };
    named(path, archive.append_data(header, name, &mut counted))?;
    if counted.read == size {
        Ok(())
    } else {
        let message = format!("`{}` became shorter while it was read", path.display());
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, message))
    }
}

struct Counted<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read += count as u64;
        Ok(count)
    }
}

/// Puts the path into an error.
fn named<T>(path: &Path, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("`{}`: {}", path.display(), cooper_hcl::plainly(&error)),
        )
    })
}

/// The archive that `fill` writes, as it is written.
fn stream(
    fill: impl FnOnce(&mut tar::Builder<Sender>) -> io::Result<()> + Send + 'static,
) -> BoxStream<'static, io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let failed = sender.clone();
        let writer = Sender { sender, piece: BytesMut::with_capacity(PIECE) };
        let mut archive = tar::Builder::new(writer);
        let result = fill(&mut archive)
            .and_then(|()| archive.into_inner())
            .and_then(|mut writer| writer.flush());
        if let Err(error) = result {
            // Nobody listens any more when the transfer was given up.
            let _ = failed.blocking_send(Err(error));
        }
    });
    received(receiver).boxed()
}

fn received<T: Send + 'static>(receiver: mpsc::Receiver<T>) -> impl Stream<Item = T> + Send {
    futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|item| (item, receiver))
    })
}

/// Sends what is written, in pieces.
struct Sender {
    sender: mpsc::Sender<io::Result<Bytes>>,
    piece: BytesMut,
}

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = self.piece.split().freeze();
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the transfer was given up");
        self.sender.blocking_send(Ok(piece)).map_err(gone)
    }
}

/// What the first entry of an archive turned out to be.
pub(crate) enum First {
    /// A file, which was written.
    File,
    /// A link to this.
    Link(PathBuf),
    /// A folder.
    Directory,
    /// A device, a pipe, or nothing at all.
    Other,
}

/// Writes the content of the archive's first entry to `destination`, which appears only when it
/// is whole.
pub(crate) async fn extract_file(
    archive: BoxStream<'static, io::Result<Bytes>>,
    destination: PathBuf,
) -> io::Result<First> {
    blocking(archive, move |reader| {
        let mut archive = tar::Archive::new(reader);
        let Some(entry) = archive.entries()?.next() else { return Ok(First::Other) };
        let mut entry = entry?;
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {}
            EntryType::Symlink => {
                let target = entry.link_name()?.map(std::borrow::Cow::into_owned);
                return Ok(target.map_or(First::Other, First::Link));
            }
            EntryType::Directory => return Ok(First::Directory),
            _ => return Ok(First::Other),
        }
        let size = entry.size();
        crate::files::write_whole(&destination, 0o644, |file| {
            let copied = io::copy(&mut entry, file)?;
            if copied == size {
                Ok(())
            } else {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the transfer broke off"))
            }
        })?;
        Ok(First::File)
    })
    .await
}

/// Writes a stream to `destination`, which appears only when it is whole.
pub(crate) async fn write_file(
    content: BoxStream<'static, io::Result<Bytes>>,
    destination: PathBuf,
) -> io::Result<()> {
    blocking(content, move |mut reader| {
        crate::files::write_whole(&destination, 0o644, |file| io::copy(&mut reader, file).map(drop))
    })
    .await
}

/// Unpacks an archive of what is in a folder into `destination`.
///
/// Nothing is made outside `destination`: links are made last, and never followed.
pub(crate) async fn extract_folder(
    archive: BoxStream<'static, io::Result<Bytes>>,
    destination: PathBuf,
) -> io::Result<()> {
    blocking(archive, move |reader| unpack(reader, &destination)).await
}

/// The links that downloads made here.
static BROUGHT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The link on the way to a place of this machine, or at it, that an earlier download brought: it leads
/// where a container wants.
pub(crate) fn brought_link(path: &Path) -> Option<PathBuf> {
    let brought = BROUGHT.lock().unwrap_or_else(PoisonError::into_inner);
    if brought.is_empty() {
        return None;
    }
    let mut way = PathBuf::new();
    for part in std::path::absolute(path).ok()?.components() {
        way.push(part);
        let is_link = fs::symlink_metadata(&way).is_ok_and(|found| found.is_symlink());
        if is_link && real_place(&way).is_some_and(|place| brought.contains(&place)) {
            return Some(way);
        }
    }
    None
}

/// A path, links in its folder followed.
fn real_place(path: &Path) -> Option<PathBuf> {
    Some(fs::canonicalize(path.parent()?).ok()?.join(path.file_name()?))
}

/// So many bytes of names are kept while a folder arrives.
const MOST_NAMES: usize = 256 << 20;

/// What a kept name costs besides its letters.
const NAME: usize = 64;

fn unpack(reader: impl Read, destination: &Path) -> io::Result<()> {
    unpack_up_to(reader, destination, MOST_NAMES)
}

fn unpack_up_to(reader: impl Read, destination: &Path, most_names: usize) -> io::Result<()> {
    let mut archive = tar::Archive::new(reader);
    let mut kept = 0;
    let mut keep = |names: &[&Path]| {
        kept += names.iter().map(|name| name.as_os_str().len() + NAME).sum::<usize>();
        if kept <= most_names {
            return Ok(());
        }
        let message =
            format!("the names of its folders and links have more than {} MiB", most_names >> 20);
        Err(io::Error::new(io::ErrorKind::InvalidData, message))
    };
    let mut links: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut folders: Vec<(PathBuf, u32)> = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.into_owned();
        let path = inside(destination, &name)?;
        let mode = entry.header().mode()? & 0o777;
        match entry.header().entry_type() {
            EntryType::Directory => {
                real_folders(destination, &path)?;
                keep(&[&path])?;
                folders.push((path, mode));
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let parent = path.parent().unwrap_or(destination);
                real_folders(destination, parent)?;
                remove_if_there(&path)?;
                let mut file =
                    File::options().write(true).create_new(true).mode(mode | 0o200).open(&path)?;
                let size = entry.size();
                if io::copy(&mut entry, &mut file)? != size {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the transfer broke off",
                    ));
                }
                file.set_permissions(fs::Permissions::from_mode(mode))?;
            }
            EntryType::Link => {
                let target = entry.link_name()?.map(std::borrow::Cow::into_owned);
                let target = target.unwrap_or_default();
                let target = inside(destination, &target)?;
                real_folders(destination, path.parent().unwrap_or(destination))?;
                real_folders(destination, target.parent().unwrap_or(destination))?;
                // Links are not there yet, so the target is a file of this archive.
                if fs::symlink_metadata(&target).is_ok_and(|found| found.is_file()) {
                    remove_if_there(&path)?;
                    fs::hard_link(&target, &path)?;
                }
            }
            EntryType::Symlink => {
                if let Some(target) = entry.link_name()? {
                    keep(&[&path, &target])?;
                    links.push((path, target.into_owned()));
                }
            }
            // Devices and pipes are not made on this side.
            _ => {}
        }
    }
    // What comes behind the archive's end tells whether whoever made it failed after all.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    for (path, target) in links {
        real_folders(destination, path.parent().unwrap_or(destination))?;
        remove_if_there(&path)?;
        std::os::unix::fs::symlink(target, &path)?;
        let mut brought = BROUGHT.lock().unwrap_or_else(PoisonError::into_inner);
        brought.extend(real_place(&path));
    }
    // Last, and the deepest first: a folder may be read-only.
    for (path, mode) in folders.into_iter().rev() {
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode | 0o700))?;
        }
    }
    Ok(())
}

/// The place of an entry below `destination`.
fn inside(destination: &Path, name: &Path) -> io::Result<PathBuf> {
    let mut path = destination.to_owned();
    let mut depth = 0;
    for part in name.components() {
        match part {
            Component::Normal(part) => {
                path.push(part);
                depth += 1;
            }
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                let message = format!("the archive has a path outside of it: `{}`", name.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
    }
    if depth > DEEPEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "too many levels of folders"));
    }
    Ok(path)
}

/// Makes the folders between `destination` and `path`. None of them may be a link.
fn real_folders(destination: &Path, path: &Path) -> io::Result<()> {
    fs::create_dir_all(destination)?;
    let Ok(below) = path.strip_prefix(destination) else { return Ok(()) };
    let mut folder = destination.to_owned();
    for part in below.components() {
        folder.push(part);
        match fs::symlink_metadata(&folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                let message = format!("`{}` is in the way: it is no folder", folder.display());
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(&folder)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Runs `work` on a thread of its own, over the stream as a reader.
async fn blocking<T: Send + 'static>(
    mut stream: BoxStream<'static, io::Result<Bytes>>,
    work: impl FnOnce(Receiver) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let reader = Receiver { receiver, piece: Bytes::new() };
    let work = tokio::task::spawn_blocking(move || work(reader));
    while let Some(piece) = stream.next().await {
        if sender.send(piece).await.is_err() {
            break;
        }
    }
    drop(sender);
    work.await.map_err(io::Error::other)?
}

/// Reads what arrives.
struct Receiver {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for Receiver {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.piece.len());
        buffer[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of folders, and of links that lead out of it.
    fn archive(folders: &[&str], links: &[&str]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut add = |name: &&str, kind: EntryType| {
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(0o755);
            header.set_size(0);
            match kind {
                EntryType::Symlink => archive.append_link(&mut header, name, "/").unwrap(),
                _ => archive.append_data(&mut header, name, io::empty()).unwrap(),
            }
        };
        folders.iter().for_each(|name| add(name, EntryType::Directory));
        links.iter().for_each(|name| add(name, EntryType::Symlink));
        archive.into_inner().unwrap()
    }

    #[test]
    fn names_of_an_archive_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("there");
        for archive in [archive(&["a", "b", "c"], &[]), archive(&[], &["x", "y"])] {
            assert!(unpack_up_to(&*archive, &there, 10_000).is_ok());
            let error = unpack_up_to(&*archive, &there, 200).unwrap_err();
            assert!(error.to_string().starts_with("the names of its folders and links"), "{error}");
        }
    }

    #[test]
    fn a_link_that_a_download_brought_is_not_followed_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("there");
        unpack(&*archive(&["sub"], &["out", "sub/out"]), &there).unwrap();
        std::os::unix::fs::symlink(&there, folder.path().join("own")).unwrap();
        let link = |path: &str| {
            let link = brought_link(&folder.path().join(path))?;
            link.strip_prefix(folder.path()).ok().map(Path::to_owned)
        };
        assert_eq!(link("there/out"), Some("there/out".into()));
        assert_eq!(link("there/out/etc/x"), Some("there/out".into()));
        assert_eq!(link("there/sub/../sub/out/x"), Some("there/sub/../sub/out".into()));
        assert_eq!(link("own/out/x"), Some("own/out".into()));
        assert_eq!(link("there/sub/x"), None);
        assert_eq!(link("own/x"), None);
        fs::remove_file(there.join("out")).unwrap();
        fs::create_dir(there.join("out")).unwrap();
        assert_eq!(link("there/out/x"), None);
    }
}
