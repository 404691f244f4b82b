//! Files and folders.

use std::pin::Pin;
use std::task::{Context, Poll};

use cooper_plugin::{Machine, Result, Schema, quoted};
use futures::FutureExt;
use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWrite;

use super::{Finding, Subject, mistake_of};

/// A file, a folder or a link.
#[derive(Schema)]
pub(crate) struct File {
    /// Where it is.
    path: String,
    /// Whether it should be there.
    #[schema(default = true)]
    exists: bool,
    /// What it should be: `file`, `directory`, `link` or `other`.
    #[schema(name = "type")]
    kind: Option<String>,
    /// Its permissions, such as `0644`. Of a link, those of what it leads to, as all that follows.
    mode: Option<String>,
    /// The name of the user whom it belongs to, or the user's number.
    owner: Option<String>,
    /// The name of the group, or its number.
    group: Option<String>,
    /// How many bytes it has.
    size: Option<u64>,
    /// Where it leads, if it is a link.
    target: Option<String>,
    /// What is in it.
    #[schema(default)]
    contains: Vec<String>,
    /// Its checksum.
    sha256: Option<String>,
}

/// What the machine says of a file.
#[derive(PartialEq, Eq, Debug)]
struct Found<'a> {
    kind: &'a str,
    target: &'a str,
    mode: &'a str,
    owners: [&'a str; 2],
    groups: [&'a str; 2],
    size: &'a str,
}

/// What is asked of the machine: what is there, where it leads, and what it leads to. Busybox knows all of this.
fn script(path: &str) -> String {
    let path = quoted(path);
    format!(
        "p={path}\n\
         if [ -L \"$p\" ]; then echo link; elif [ -f \"$p\" ]; then echo file\n\
         elif [ -d \"$p\" ]; then echo directory; elif [ -e \"$p\" ]; then echo other; else exit 0; fi\n\
         readlink \"$p\" || echo\n\
         stat -L -c '%a %U %u %G %g %s' \"$p\" 2>/dev/null || echo dangling\n"
    )
}

impl<'a> Found<'a> {
    /// What the script printed; nothing, when there is no such file.
    fn read(text: &'a str) -> Option<Self> {
        let mut lines = text.lines();
        let (kind, target) = (lines.next()?, lines.next().unwrap_or_default());
        let mut words = lines.next().unwrap_or_default().split_whitespace();
        let mut word = || words.next().unwrap_or_default();
        let mode = word();
        Some(Self {
            kind,
            target,
            mode,
            owners: [word(), word()],
            groups: [word(), word()],
            size: word(),
        })
    }
}

/// Permissions as a number.
fn octal(text: &str) -> Option<u32> {
    u32::from_str_radix(text.trim_start_matches("0o"), 8).ok().filter(|mode| *mode <= 0o7777)
}

impl Subject for File {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn name(&self) -> String {
        self.path.clone()
    }

    fn mistake(&self) -> Option<String> {
        if !self.path.starts_with('/') {
            return Some("`path` must begin with `/`".to_owned());
        }
        if let Some(mode) = &self.mode
            && octal(mode).is_none()
        {
            return Some(format!("`mode` must be permissions such as `0644`, and is `{mode}`"));
        }
        if let Some(kind) = &self.kind
            && !["file", "directory", "link", "other"].contains(&kind.as_str())
        {
            return Some(format!(
                "`type` must be `file`, `directory`, `link` or `other`, and is `{kind}`"
            ));
        }
        if let Some(sum) = &self.sha256
            && (sum.len() != 64 || !sum.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            return Some("`sha256` must be 64 hexadecimal digits".to_owned());
        }
        mistake_of("contains", &self.contains)
    }

    fn look<'a>(&'a self, machine: &'a Machine) -> BoxFuture<'a, Result<Vec<Finding>>> {
        async move {
            let text = machine.read(script(&self.path)).await?;
            let Some(found) = Found::read(&text) else {
                return Ok(vec![Finding::holds("exists", !self.exists, "there is none")]);
            };
            if !self.exists {
                return Ok(vec![Finding::holds("exists", false, "is there, and should not be")]);
            }
            let mut findings = vec![Finding::holds("exists", true, "")];
            findings.extend(self.compare(&found));
            if !self.contains.is_empty() {
                let content = machine.download(&self.path).await?;
                let content = String::from_utf8_lossy(&content);
                findings.extend(Finding::patterns("contains", &self.contains, &content));
            }
            if let Some(expected) = &self.sha256 {
                let mut sum = Sum(Sha256::new());
                machine.download_into(&self.path, &mut sum).await?;
                let found: String =
                    sum.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
                findings.push(Finding::same("sha256", &expected.to_lowercase(), &found));
            }
            Ok(findings)
        }
        .boxed()
    }
}

impl File {
    fn compare(&self, found: &Found<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(kind) = &self.kind {
            findings.push(Finding::same("type", &kind.as_str(), &found.kind));
        }
        if let Some(target) = &self.target {
            findings.push(Finding::same("target", &target.as_str(), &found.target));
        }
        let mode = self.mode.as_deref().and_then(octal);
        if let Some(mode) = mode {
            let found =
                octal(found.mode).map_or(found.mode.to_owned(), |mode| format!("{mode:04o}"));
            findings.push(Finding::same("mode", &format!("{mode:04o}"), &found));
        }
        for (what, expected, names) in
            [("owner", &self.owner, found.owners), ("group", &self.group, found.groups)]
        {
            if let Some(expected) = expected {
                let is_one = names.contains(&expected.as_str());
                let otherwise = format!("is `{}`, and not `{expected}`", names[0]);
                findings.push(Finding::holds(what, is_one, otherwise));
            }
        }
        if let Some(size) = self.size {
            findings.push(Finding::same("size", &size.to_string().as_str(), &found.size));
        }
        findings
    }
}

/// The checksum of what is written.
struct Sum(Sha256);

impl AsyncWrite for Sum {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.0.update(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
