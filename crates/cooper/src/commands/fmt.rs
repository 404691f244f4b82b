//! `cooper fmt`: templates in their canonical layout.

mod difference;
mod files;
mod replace;

use std::io::Read;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cooper_build::Session;
use cooper_hcl::{Code, Diagnostic, Diagnostics, SourceMap, System, format};

use crate::args::FmtArgs;
use crate::exit::Exit;
use crate::ui::Ui;
use files::Input;

use super::print_diagnostics;

/// No text may be larger.
const LARGEST: usize = 64 << 20;

/// Lays out files and folders of them, or standard input. What is wrong with one does not keep
/// the others from being laid out, and is told at the end.
pub(crate) fn fmt(args: &FmtArgs, mut session: Session, ui: &mut Ui) -> Exit {
    let inputs = files::find(args, &session.diags);
    let outcomes = look_at_all(&inputs, &*session.system);
    let mut needs_change = false;
    for (input, outcome) in inputs.iter().zip(outcomes) {
        match outcome {
            Ok(Look::Canonical(text)) => show(input, &text, None, args, ui),
            Ok(Look::Changes { text, laid_out }) => {
                needs_change = true;
                show(input, &text, Some(&laid_out), args, ui);
                if let (Input::File(path), true) = (input, args.writes()) {
                    write(path, &laid_out, &session.diags);
                }
            }
            Ok(Look::Broken(text)) => complain(input, text, &mut session),
            Err(message) => {
                session.diags.error(Diagnostic::error(Code::UnreadableFile, message));
            }
        }
    }
    let is_sound = !session.diags.has_errors();
    print_diagnostics(&session, ui);
    match (is_sound, needs_change && args.check) {
        (false, _) => Exit::Failure,
        (true, true) => Exit::NotCanonical,
        (true, false) => Exit::Success,
    }
}

/// What is found in an input.
enum Look {
    /// Nothing to do. The text is kept of standard input and of a file to be shown only.
    Canonical(String),
    /// The text, and what it should be.
    Changes { text: String, laid_out: String },
    /// It has syntax errors.
    Broken(String),
}

/// Looks at every input, several at a time; the results are in the order of the inputs.
fn look_at_all(inputs: &[Input], system: &dyn System) -> Vec<Result<Look, String>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let work = || {
        let mut own = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(input) = inputs.get(index) else { break };
            own.push((index, look_at(input, system)));
        }
        // A panic elsewhere cannot leave the list half changed.
        results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).append(&mut own);
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    match threads.min(inputs.len()) {
        0 | 1 => work(),
        threads => std::thread::scope(|scope| {
            (0..threads).for_each(|_| drop(scope.spawn(work)));
        }),
    }
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

fn look_at(input: &Input, system: &dyn System) -> Result<Look, String> {
    let name = input.name();
    let bytes = match input {
        Input::Stdin => {
            let mut bytes = Vec::new();
            let mut limited = std::io::stdin().lock().take(LARGEST as u64 + 1);
            limited.read_to_end(&mut bytes).map(|_| bytes)
        }
        Input::File(path) => system.read(path),
    };
    let bytes = bytes
        .map_err(|cause| format!("`{name}` cannot be read: {}", cooper_hcl::plainly(&cause)))?;
    if bytes.len() > LARGEST {
        return Err(format!("`{name}` is larger than {} MiB", LARGEST >> 20));
    }
    let text = String::from_utf8(bytes).map_err(|cause| {
        let at = cause.utf8_error().valid_up_to();
        format!("`{name}` is not UTF-8: byte {at} begins no character")
    })?;
    let mut sources = SourceMap::new();
    let file = sources.add(name, text.as_str()).map_err(|cause| cause.to_string())?;
    Ok(match format(&file, &Diagnostics::new()) {
        Ok(laid_out) if laid_out == text => Look::Canonical(text),
        Ok(laid_out) => Look::Changes { text, laid_out },
        Err(_) => Look::Broken(text),
    })
}

/// Prints what was asked for: names of files that change, differences, or the layout itself.
fn show(input: &Input, text: &str, laid_out: Option<&str>, args: &FmtArgs, ui: &mut Ui) {
    let name = input.name();
    if let (Input::File(_), Some(_), false) = (input, laid_out, args.prints_layout()) {
        ui.say(&name);
    }
    if args.diff {
        if let Some(laid_out) = laid_out {
            ui.document(&difference::unified(&name, text, laid_out));
        }
    } else if !args.check && (*input == Input::Stdin || args.prints_layout()) {
        ui.document(laid_out.unwrap_or(text));
    }
}

fn write(path: &Path, laid_out: &str, diags: &Diagnostics) {
    if let Err(cause) = replace::replace(path, laid_out) {
        let message =
            format!("`{}` cannot be written: {}", path.display(), cooper_hcl::plainly(&cause));
        diags.error(Diagnostic::error(Code::UnreadableFile, message));
    }
}

/// Records what is wrong with a text, at its places.
fn complain(input: &Input, text: String, session: &mut Session) {
    match session.sources.add(input.name(), text) {
        Ok(file) => drop(format(&file, &session.diags)),
        Err(cause) => {
            let error = Diagnostic::error(Code::LimitExceeded, cause.to_string());
            session.diags.error(error);
        }
    }
}
