//! Turns what a command prints into events, line by line.

use cooper_build::communicator::Output;
use cooper_build::{StepCx, Stream};
use futures::future::BoxFuture;

/// A line longer than this is passed on in pieces, so that memory stays bounded.
const LONGEST: usize = 64 * 1024;

/// Sends a command's output as events: one for each line. [`Lines::finish`] sends the rest.
pub(crate) struct Lines<'a> {
    cx: &'a StepCx,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl<'a> Lines<'a> {
    /// Output of a command of this step.
    pub(crate) fn new(cx: &'a StepCx) -> Self {
        Self { cx, stdout: Vec::new(), stderr: Vec::new() }
    }

    /// Sends what came without a line break at its end.
    pub(crate) async fn finish(self) {
        for (stream, rest) in [(Stream::Stdout, self.stdout), (Stream::Stderr, self.stderr)] {
            if !rest.is_empty() {
                self.cx.output(stream, shown(&rest)).await;
            }
        }
    }
}

impl Output for Lines<'_> {
    fn write<'a>(&'a mut self, stream: Stream, mut bytes: &'a [u8]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let waiting = match stream {
                Stream::Stderr | Stream::Error => &mut self.stderr,
                Stream::Stdout | Stream::Say => &mut self.stdout,
            };
            while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
                waiting.extend_from_slice(&bytes[..end]);
                bytes = &bytes[end + 1..];
                let line = std::mem::take(waiting);
                self.cx.output(stream, shown(&line)).await;
            }
            waiting.extend_from_slice(bytes);
            if waiting.len() > LONGEST {
                let rest = waiting.split_off(self.cx.cut(waiting));
                let piece = std::mem::replace(waiting, rest);
                self.cx.output(stream, shown(&piece)).await;
            }
        })
    }
}

/// A line as a terminal would have left it: what follows the last carriage return, without
/// blanks at its end.
fn shown(line: &[u8]) -> String {
    let line = line.trim_ascii_end();
    let start = line.iter().rposition(|&byte| byte == b'\r').map_or(0, |at| at + 1);
    String::from_utf8_lossy(&line[start..]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_as_a_terminal_leaves_it() {
        for (line, expected) in [
            (&b"plain"[..], "plain"),
            (b"windows\r", "windows"),
            (b"10%\r50%\r100%", "100%"),
            (b"  indented  ", "  indented"),
            (b"", ""),
            (b"caf\xc3\xa9 \xff", "café \u{fffd}"),
        ] {
            assert_eq!(shown(line), expected);
        }
    }
}
