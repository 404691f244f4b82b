//! What a plugin prints: one line that is meant for us, and what is for the log.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cooper_wire::handshake;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::sync::CancellationToken;

/// How many of the last lines are remembered.
const LINES: usize = 20;

/// How much of a line is looked at; the rest of it is another one.
const LONGEST_LINE: usize = 16 * 1024;

/// How much of a line is told with a failure.
const SHOWN: usize = 300;

/// The first line of a plugin's output, and what follows it; nothing when the output ends before,
/// or the line is longer than any that is meant for us.
pub(super) async fn first_line<R: AsyncRead + Unpin>(mut output: R) -> (Option<String>, R) {
    let mut line = Vec::new();
    loop {
        match output.read_u8().await {
            Ok(b'\n') => break,
            Ok(byte) => line.push(byte),
            Err(_) if line.is_empty() => return (None, output),
            // A line without an end is one all the same.
            Err(_) => break,
        }
        if line.len() > handshake::LONGEST {
            break;
        }
    }
    (Some(String::from_utf8_lossy(&line).into_owned()), output)
}

/// Reads output that nobody wants: a plugin that prints must not be kept waiting.
pub(super) async fn drain(mut output: impl AsyncRead + Unpin) {
    let mut piece = [0; 4096];
    while output.read(&mut piece).await.is_ok_and(|count| count > 0) {}
}

/// The last lines that a plugin wrote to its standard error, all of which is in the log.
pub(super) struct LastWords {
    plugin: String,
    lines: Mutex<VecDeque<String>>,
    /// Cancelled when nothing more can be written.
    over: CancellationToken,
}

impl LastWords {
    pub(super) fn new(plugin: &str) -> Self {
        Self { plugin: plugin.to_owned(), lines: Mutex::default(), over: CancellationToken::new() }
    }

    /// Waits until there is nothing more to be read, which may never be: what the plugin started can
    /// hold its standard error.
    pub(super) async fn all(&self) {
        self.over.cancelled().await;
    }

    fn lines(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts every line into the log, from which secrets are kept.
    pub(super) async fn listen(self: std::sync::Arc<Self>, mut output: impl AsyncRead + Unpin) {
        let mut line = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(count) = output.read(&mut piece).await
            && count > 0
        {
            for &byte in &piece[..count] {
                match byte {
                    b'\n' => self.note(&mut line),
                    byte => line.push(byte),
                }
                if line.len() == LONGEST_LINE {
                    self.note(&mut line);
                }
            }
        }
        if !line.is_empty() {
            self.note(&mut line);
        }
        self.over.cancel();
    }

    fn note(&self, line: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(line).trim_end().to_owned();
        line.clear();
        tracing::info!("{} plugin: {text}", self.plugin);
        let mut lines = self.lines();
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(text);
    }

    /// What may tell why it ended: where a Go program panicked, or the last line.
    pub(super) fn reason(&self) -> Option<String> {
        let lines = self.lines();
        let panic = lines.iter().rev().find(|line| line.starts_with("panic: "));
        let last = || lines.iter().rev().find(|line| !line.trim().is_empty());
        let shown = panic.or_else(last)?;
        Some(shown.chars().filter(|c| !c.is_control()).take(SHOWN).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_is_read_and_no_more() {
        for (output, line, rest) in [
            (&b"5|0|unix|/s\nmore"[..], Some("5|0|unix|/s"), &b"more"[..]),
            (b"\n", Some(""), b""),
            (b"no end", Some("no end"), b""),
            (b"", None, b""),
        ] {
            let (read, mut left) = first_line(output).await;
            assert_eq!(read.as_deref(), line);
            let mut all = Vec::new();
            left.read_to_end(&mut all).await.unwrap();
            assert_eq!(all, rest);
        }
        let endless = tokio::io::repeat(b'x');
        let (line, _) = first_line(endless).await;
        assert_eq!(line.unwrap().len(), handshake::LONGEST + 1);
    }

    #[tokio::test]
    async fn a_panic_is_the_reason_and_otherwise_the_last_line() {
        for (output, reason) in [
            ("one\ntwo\n\n", Some("two")),
            (
                "panic: index out of range\n\ngoroutine 1\nmain.main()\n",
                Some("panic: index out of range"),
            ),
            ("no end", Some("no end")),
            ("\n", None),
            ("", None),
        ] {
            let words = std::sync::Arc::new(LastWords::new("p"));
            words.clone().listen(output.as_bytes()).await;
            assert_eq!(words.reason().as_deref(), reason, "{output:?}");
        }
        let words = std::sync::Arc::new(LastWords::new("p"));
        words.clone().listen("y".repeat(1_000_000).as_bytes()).await;
        assert_eq!(words.lines().len(), LINES);
        assert_eq!(words.reason().unwrap().len(), SHOWN);
    }
}
