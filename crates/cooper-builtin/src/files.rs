//! Local files: whole or not at all, and as artifacts.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cooper_build::Failure;
use cooper_build::artifact::ArtifactHandle;
use futures::future::BoxFuture;
use tempfile::NamedTempFile;

/// The permissions of a file, set-id bits included.
pub(crate) fn permissions(metadata: &Metadata) -> u32 {
    metadata.permissions().mode() & 0o7777
}

/// The name of a local folder, also of `.` and `..`.
pub(crate) fn own_name(folder: &Path) -> Result<String, Failure> {
    let named = |folder: &Path| folder.file_name().map(|name| name.to_string_lossy().into_owned());
    if let Some(name) = named(folder) {
        return Ok(name);
    }
    let absolute: PathBuf = folder.canonicalize().map_err(|error| {
        Failure::new(format!(
            "`{}` cannot be read: {}",
            folder.display(),
            cooper_hcl::plainly(&error)
        ))
    })?;
    Ok(named(&absolute).unwrap_or_default())
}

/// Writes a file that appears at `path` only when it is whole. Its mode is `mode` less the
/// process's umask.
pub(crate) fn write_whole(
    path: &Path,
    mode: u32,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = temporary_beside(path, mode)?;
    fill(file.as_file_mut())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A temporary file that can become `path`: it is in the same folder.
pub(crate) fn temporary_beside(path: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    tempfile::Builder::new()
        .prefix(".cooper-")
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(folder)
}

/// Files that can be removed.
pub(crate) struct Files(pub(crate) Vec<PathBuf>);

impl ArtifactHandle for Files {
    fn destroy(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            for path in &self.0 {
                match tokio::fs::remove_file(path).await {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        let message = format!(
                            "cannot remove `{}`: {}",
                            path.display(),
                            cooper_hcl::plainly(&error)
                        );
                        return Err(Failure::new(message));
                    }
                    _ => {}
                }
            }
            Ok(())
        })
    }
}

/// An artifact that has nothing to remove.
pub(crate) struct Nothing;

impl ArtifactHandle for Nothing {
    fn destroy(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}
