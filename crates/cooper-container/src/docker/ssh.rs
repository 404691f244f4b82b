//! The engine of another machine, through the system's `ssh`.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll, ready};

use futures::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use super::transport::ByteStream;

/// How much of what `ssh` complains about is kept.
const COMPLAINT_LIMIT: u64 = 4096;

/// Opens a connection to the engine of `host`. What goes wrong shows at the first read.
pub(crate) fn connect(
    user: Option<&str>,
    host: &str,
    port: Option<u16>,
    socket: Option<&str>,
) -> io::Result<Box<dyn ByteStream>> {
    let mut child = Command::new("ssh")
        .args(arguments(user, host, port, socket))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C in a terminal must not take the connection that the clean-up needs.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("cannot run `ssh`: {error}")))?;
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("`ssh` was started without pipes"));
    };
    let complaint = tokio::spawn(async move {
        let mut text = Vec::new();
        let mut stderr = stderr;
        let _ = (&mut stderr).take(COMPLAINT_LIMIT).read_to_end(&mut text).await;
        // The rest is read so that `ssh` never waits for us.
        let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        String::from_utf8_lossy(&text).trim().to_owned()
    });
    Ok(Box::new(SshStream {
        stdin: Some(stdin),
        stdout,
        complaint: Some(complaint),
        _child: child,
    }))
}

fn arguments(
    user: Option<&str>,
    host: &str,
    port: Option<u16>,
    socket: Option<&str>,
) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=30"].map(str::to_owned).to_vec();
    if let Some(user) = user {
        arguments.extend(["-l".to_owned(), user.to_owned()]);
    }
    if let Some(port) = port {
        arguments.extend(["-p".to_owned(), port.to_string()]);
    }
    arguments.extend(["--", host, "docker"].map(str::to_owned));
    if let Some(socket) = socket {
        // The other machine's shell reads this line.
        let quoted = socket.replace('\'', r"'\''");
        arguments.extend(["--host".to_owned(), format!("'unix://{quoted}'")]);
    }
    arguments.extend(["system", "dial-stdio"].map(str::to_owned));
    arguments
}

/// An `ssh` whose input and output are the connection. It is killed when dropped.
struct SshStream {
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    /// What `ssh` says when it gives up; looked at until the first byte has come.
    complaint: Option<JoinHandle<String>>,
    _child: Child,
}

impl AsyncRead for SshStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stdout).poll_read(cx, buffer))?;
        let ended = buffer.filled().len() == before && buffer.remaining() > 0;
        if !ended {
            self.complaint = None;
            return Poll::Ready(Ok(()));
        }
        let Some(complaint) = self.complaint.as_mut() else {
            return Poll::Ready(Ok(()));
        };
        let said = ready!(complaint.poll_unpin(cx)).unwrap_or_default();
        self.complaint = None;
        let reason = match said.lines().last() {
            Some(line) => format!("ssh: {line}"),
            None => "ssh ended without a word".to_owned(),
        };
        Poll::Ready(Err(io::Error::other(reason)))
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.stdin.as_mut() {
            Some(stdin) => match ready!(Pin::new(stdin).poll_write(cx, bytes)) {
                // `ssh` is gone; the read side knows why.
                Err(error)
                    if error.kind() == io::ErrorKind::BrokenPipe && self.complaint.is_some() =>
                {
                    Poll::Ready(Ok(bytes.len()))
                }
                other => Poll::Ready(other),
            },
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.stdin.as_mut() {
            Some(stdin) => Pin::new(stdin).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(stdin) = self.stdin.as_mut() {
            ready!(Pin::new(stdin).poll_shutdown(cx))?;
        }
        // Closing the pipe is what ends the other side's input.
        self.stdin = None;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_gets_port_and_user_as_options() {
        let line = |port, socket| arguments(Some("me"), "box", port, socket).join(" ");
        let start = "-T -o BatchMode=yes -o ConnectTimeout=30 -l me";
        assert_eq!(
            line(Some(2222), None),
            format!("{start} -p 2222 -- box docker system dial-stdio")
        );
        assert_eq!(
            line(None, Some("/run/it's.sock")),
            format!(r"{start} -- box docker --host 'unix:///run/it'\''s.sock' system dial-stdio")
        );
    }
}
