//! What of a template could not be read because of its syntax, and what may only follow from that.

use std::sync::Arc;

use cooper_hcl::ast::{Block, Body};
use cooper_hcl::parse::Partial;
use cooper_hcl::{Code, Diagnostic, Diagnostics, SourceFile, SourceMap, Span};

/// Where a template has mistakes of syntax. The rest of it is checked all the same; what may follow
/// from what could not be read is not told.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    files: Vec<BrokenFile>,
    hidden: Hidden,
}

/// What may be declared where nothing could be read.
#[derive(Clone, Copy, Debug, Default)]
struct Hidden {
    variables: bool,
    locals: bool,
    /// Sources and data sources.
    others: bool,
}

/// A file of which a part could be read.
#[derive(Clone, Debug)]
struct BrokenFile {
    span: Span,
    /// Whether something is missing outside all blocks.
    misses_blocks: bool,
    /// Every block of it, an outer one before those inside it.
    blocks: Vec<Place>,
}

/// Where a block is.
#[derive(Clone, Debug)]
struct Place {
    kind: Arc<str>,
    header: Span,
    span: Span,
    /// Whether something is missing right in it.
    misses: bool,
}

impl Hidden {
    /// Adds what the arguments of such a block declare.
    fn add_arguments_of(&mut self, kind: &str) {
        match kind {
            "local" | "locals" => self.locals = true,
            "variables" => self.variables = true,
            _ => {}
        }
    }

    /// Adds what the blocks declare that a text may hold.
    fn add_blocks_of(&mut self, text: &str) {
        let in_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
        for word in text.split_inclusive(|letter| !in_name(letter)) {
            // `local.x` declares nothing.
            match word.trim_end_matches(|letter| !in_name(letter) && letter != '.') {
                "variable" | "variables" => self.variables = true,
                "local" | "locals" => self.locals = true,
                "source" | "data" => self.others = true,
                _ => {}
            }
        }
    }
}

impl Gaps {
    /// Whether everything could be read.
    pub fn is_empty(&self) -> bool {
        let Hidden { variables, locals, others } = self.hidden;
        self.files.is_empty() && !variables && !locals && !others
    }

    /// Notes a file of which nothing could be read.
    pub(super) fn add_unread(&mut self) {
        self.hidden = Hidden { variables: true, locals: true, others: true };
    }

    /// Notes a file of which a part could be read.
    pub(super) fn add(&mut self, file: &SourceFile, partial: &Partial) {
        let mut blocks = Vec::new();
        collect(&partial.file.body, &mut blocks);
        let mut misses_blocks = false;
        if let Some(cut) = partial.cut {
            misses_blocks = true;
            for block in &mut blocks {
                block.misses = block.span.start() < cut && cut < block.span.end();
            }
        }
        for &mistake in &partial.mistakes {
            match innermost(&blocks, mistake) {
                Some(index) => blocks[index].misses = true,
                None => misses_blocks = true,
            }
        }
        for block in blocks.iter().filter(|block| block.misses) {
            self.hidden.add_arguments_of(&block.kind);
        }
        if misses_blocks {
            for span in unread(file, partial) {
                self.hidden.add_blocks_of(file.slice(span));
            }
        }
        self.files.push(BrokenFile { span: file.span(), misses_blocks, blocks });
    }

    /// Forgets what was recorded after so many diagnostics, and may only follow from what could not
    /// be read.
    pub(crate) fn forget_followers(&self, sources: &SourceMap, diags: &Diagnostics, told: usize) {
        if !self.is_empty() {
            diags.retain_after(told, |diagnostic| !self.may_follow(diagnostic, sources));
        }
    }

    fn may_follow(&self, diagnostic: &Diagnostic, sources: &SourceMap) -> bool {
        let place = diagnostic.primary.as_ref().map(|label| label.span);
        match diagnostic.code {
            // What is called so may stand where nothing could be read; what uses it was read.
            Code::UnknownVariable | Code::UndeclaredVariable => return self.hidden.variables,
            Code::UnknownReference if place.is_some_and(|place| is_local(place, sources)) => {
                return self.hidden.locals;
            }
            Code::UnknownReference => return self.hidden.others,
            Code::NothingToBuild | Code::NoMatch => return true,
            _ => {}
        }
        let Some(place) = place else { return false };
        let Some(file) = self.files.iter().find(|file| contains(file.span, place)) else {
            return false;
        };
        // That a block does not belong somewhere is said at its header, and of what is around it.
        let of_header = matches!(diagnostic.code, Code::UnknownBlock | Code::WrongLabels);
        let is_around = |block: &&Place| !(of_header && contains(block.header, place));
        let mut around = file.blocks.iter().filter(is_around);
        match around.rfind(|block| contains(block.span, place)) {
            Some(block) => block.misses,
            None => file.misses_blocks,
        }
    }
}

/// Whether a name is one of a local: `local.` stands before it.
fn is_local(name: Span, sources: &SourceMap) -> bool {
    let Some(file) = sources.file(name) else { return false };
    let before = &file.text()[..(name.start() - file.base()) as usize];
    before.trim_end_matches(['.', '[', '"', ' ']).ends_with("local")
}

/// All blocks, an outer one before those inside it.
fn collect(body: &Body, blocks: &mut Vec<Place>) {
    for Block { kind, header, span, body, .. } in &body.blocks {
        let kind = kind.text.clone();
        blocks.push(Place { kind, header: *header, span: *span, misses: false });
        collect(body, blocks);
    }
}

/// What of a file is in none of its outermost blocks, or stands in one behind the cut.
fn unread(file: &SourceFile, partial: &Partial) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut from = file.span().start();
    for Block { span, .. } in &partial.file.body.blocks {
        spans.push(Span::new(from, span.start().max(from)));
        from = match partial.cut {
            Some(cut) if span.start() < cut && cut < span.end() => cut,
            _ => span.end().max(from),
        };
    }
    spans.push(Span::new(from, file.span().end()));
    spans
}

/// The index of the innermost block around a place.
fn innermost(blocks: &[Place], place: Span) -> Option<usize> {
    blocks.iter().rposition(|block| contains(block.span, place))
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.start() <= inner.start() && inner.start() < outer.end()
}
