//! Questions to the person at the terminal, one at a time.

use std::collections::VecDeque;
use std::io::{self, BufRead, IsTerminal};

use cooper_build::run::Ask;
use tokio::sync::mpsc;

use super::Renderer;

/// Questions that wait, and the one that was put.
#[derive(Default)]
pub(super) struct Questions {
    waiting: VecDeque<Ask>,
    open: Option<Ask>,
    lines: Option<mpsc::Receiver<String>>,
}

impl Questions {
    /// Adds a question.
    pub(super) fn put(&mut self, ask: Ask) {
        self.waiting.push_back(ask);
    }

    /// Puts the next question, when none is open. Where nobody can be asked, it is dropped,
    /// which tells the asker.
    pub(super) fn next(&mut self, renderer: &mut dyn Renderer) {
        if self.open.as_ref().is_some_and(|ask| ask.answer.is_closed()) {
            self.open = None;
        }
        while self.open.is_none()
            && let Some(ask) = self.waiting.pop_front()
        {
            if ask.answer.is_closed() || !io::stdin().is_terminal() {
                continue;
            }
            // What was typed before the question does not answer it.
            let lines = self.lines.get_or_insert_with(read_lines);
            while lines.try_recv().is_ok() {}
            if renderer.ask(&ask.build, &ask.question) {
                self.open = Some(ask);
            }
        }
    }

    /// Waits until the open question is answered, and passes the answer on.
    pub(super) async fn answered(&mut self) {
        let (Some(_), Some(lines)) = (&self.open, &mut self.lines) else {
            return std::future::pending().await;
        };
        let line = lines.recv().await;
        // When input has ended, dropping the question says that nobody can be asked.
        if let (Some(ask), Some(line)) = (self.open.take(), line) {
            let _ = ask.answer.send(line);
        }
    }
}

/// Reads standard input on a thread of its own, which ends with the program: a read cannot be
/// called off.
fn read_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
