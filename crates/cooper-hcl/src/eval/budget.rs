//! Limits on what one evaluation may use up.

use std::cell::Cell;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported};
use crate::meter::{Counted, Meter};
use crate::source::Span;
use crate::value::{Value, ValueKind};

/// How many expressions one evaluation may visit, each turn of a loop counted.
const MAX_STEPS: u64 = 2_000_000;
/// How many bytes of a value that was made count as a step.
pub(super) const BYTES_A_STEP: u64 = 512;
/// How long a string may become, in bytes.
pub(super) const MAX_STRING: usize = 64 << 20;
/// How many bytes of text one evaluation may produce in total.
const MAX_TEXT: u64 = 1 << 30;
/// How many elements a collection may have.
pub(super) const MAX_ELEMENTS: usize = 1_000_000;
/// How deep values may be nested.
const MAX_DEPTH: u16 = 200;
/// How large a value may be, what it shares with others counted as often as it is there.
const MAX_SIZE: u64 = 256 << 20;

/// After so many steps the clock is looked at.
const STEPS_A_LOOK: u64 = 4096;

/// What one evaluation may still use up.
pub(super) struct Budget<'a> {
    steps: Cell<u64>,
    text: Cell<u64>,
    time: Counted<'a>,
}

impl<'a> Budget<'a> {
    pub(super) const fn new(meter: &'a Meter) -> Self {
        let (steps, text) = (Cell::new(MAX_STEPS), Cell::new(MAX_TEXT));
        Self { steps, text, time: Counted::new(meter) }
    }

    /// Looks at the clock.
    pub(super) fn time(&self, span: Span, diags: &Diagnostics) -> Result<(), Reported> {
        if self.time.has_time() {
            return Ok(());
        }
        let most = self.time.meter().most().as_secs();
        let message = format!("to evaluate this template takes more than {most} seconds");
        Err(exceeded(diags, span, message))
    }

    /// Takes one step.
    pub(super) fn step(&self, span: Span, diags: &Diagnostics) -> Result<(), Reported> {
        self.steps(1, span, diags)
    }

    /// Takes several steps.
    pub(super) fn steps(
        &self,
        count: u64,
        span: Span,
        diags: &Diagnostics,
    ) -> Result<(), Reported> {
        let before = self.steps.get();
        match before.checked_sub(count) {
            Some(left) => {
                self.steps.set(left);
                match left / STEPS_A_LOOK == before / STEPS_A_LOOK {
                    true => Ok(()),
                    false => self.time(span, diags),
                }
            }
            None => Err(exceeded(
                diags,
                span,
                format!("this takes more than {MAX_STEPS} steps to evaluate"),
            )),
        }
    }

    /// Accounts for a piece of text added to a string that has `length` bytes with it.
    pub(super) fn text(
        &self,
        added: usize,
        length: usize,
        span: Span,
        diags: &Diagnostics,
    ) -> Result<(), Reported> {
        let left = self.text.get().checked_sub(added as u64);
        match left {
            Some(left) if length <= MAX_STRING => {
                self.text.set(left);
                Ok(())
            }
            _ => Err(too_long(diags, span)),
        }
    }
}

/// Checks a value that was just made of others.
pub(super) fn check_size(value: &Value, span: Span, diags: &Diagnostics) -> Result<(), Reported> {
    if value.depth() > MAX_DEPTH {
        let message = format!("this value is nested more than {MAX_DEPTH} levels deep");
        return Err(exceeded(diags, span, message));
    }
    match value.kind() {
        ValueKind::String(text) if text.len() > MAX_STRING => Err(too_long(diags, span)),
        _ if value.children().size_hint().0 > MAX_ELEMENTS => Err(too_many(diags, span)),
        _ if value.size() > MAX_SIZE => {
            let message = format!("this value is larger than the {} MiB allowed", MAX_SIZE >> 20);
            Err(exceeded(diags, span, message))
        }
        _ => Ok(()),
    }
}

fn too_long(diags: &Diagnostics, span: Span) -> Reported {
    exceeded(diags, span, format!("this makes more text than the {} MiB allowed", MAX_STRING >> 20))
}

pub(super) fn too_many(diags: &Diagnostics, span: Span) -> Reported {
    exceeded(diags, span, format!("this makes more than the {MAX_ELEMENTS} elements allowed"))
}

fn exceeded(diags: &Diagnostics, span: Span, message: String) -> Reported {
    diags.error(Diagnostic::error(Code::LimitExceeded, message).at(span, ""))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn steps_and_text_run_out() {
        let meter = Meter::new(Duration::from_secs(1));
        let (steps, text) = (Cell::new(1), Cell::new(3));
        let budget = Budget { steps, text, time: Counted::new(&meter) };
        let diags = Diagnostics::new();
        assert!(budget.step(Span::NONE, &diags).is_ok());
        assert!(budget.step(Span::NONE, &diags).is_err());
        assert!(budget.text(2, 2, Span::NONE, &diags).is_ok());
        assert!(budget.text(2, 2, Span::NONE, &diags).is_err());
        assert_eq!(diags.take().len(), 2);
    }

    #[test]
    fn values_that_contain_the_same_again_and_again_are_refused() {
        let diags = Diagnostics::new();
        let mut value = Value::string("x");
        let mut levels = 0;
        while check_size(&value, Span::NONE, &diags).is_ok() {
            value = Value::tuple([value.clone(), value]);
            levels += 1;
        }
        assert_eq!(levels, 21);
    }

    #[test]
    fn deep_values_are_refused() {
        let diags = Diagnostics::new();
        let mut value = Value::bool(true);
        for _ in 0..=MAX_DEPTH {
            assert!(check_size(&value, Span::NONE, &diags).is_ok());
            value = Value::tuple([value]);
        }
        assert!(check_size(&value, Span::NONE, &diags).is_err());
    }
}
