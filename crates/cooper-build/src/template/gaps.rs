//! What of a template could not be read because of its syntax, and what may only follow from that.

use cooper_hcl::ast::Body;
use cooper_hcl::parse::Partial;
use cooper_hcl::{Code, Diagnostic, Diagnostics, SourceFile, Span};

/// Where a template has mistakes of syntax. The rest of it is checked all the same; what may follow
/// from what could not be read is not told.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    files: Vec<BrokenFile>,
    /// Whether something may be declared where nothing could be read.
    hide_names: bool,
}

/// A file of which a part could be read.
#[derive(Clone, Debug)]
struct BrokenFile {
    span: Span,
    /// Whether something is missing outside all blocks.
    misses_blocks: bool,
    /// Every block of it, an outer one before those inside it, and whether something is missing right in
    /// it.
    blocks: Vec<(Span, bool)>,
}

/// Blocks that declare what each of their arguments is called.
const DECLARING: &[&str] = &["locals", "variables"];

impl Gaps {
    /// Whether everything could be read.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && !self.hide_names
    }

    /// Notes a file of which nothing could be read.
    pub(super) fn add_unread(&mut self) {
        self.hide_names = true;
    }

    /// Notes a file of which a part could be read.
    pub(super) fn add(&mut self, file: &SourceFile, partial: &Partial) {
        let mut blocks = Vec::new();
        collect(&partial.file.body, &mut blocks);
        let mut marked: Vec<_> = blocks.iter().map(|&(span, _)| (span, false)).collect();
        let mut misses_blocks = partial.is_cut;
        for &mistake in &partial.mistakes {
            match innermost(&marked, mistake) {
                Some(index) => {
                    marked[index].1 = true;
                    self.hide_names |= blocks[index].1;
                }
                None => misses_blocks = true,
            }
        }
        self.hide_names |= misses_blocks;
        self.files.push(BrokenFile { span: file.span(), misses_blocks, blocks: marked });
    }

    /// Forgets what was recorded after so many diagnostics, and may only follow from what could not
    /// be read.
    pub(crate) fn forget_followers(&self, diags: &Diagnostics, told: usize) {
        if !self.is_empty() {
            diags.retain_after(told, |diagnostic| !self.may_follow(diagnostic));
        }
    }

    fn may_follow(&self, diagnostic: &Diagnostic) -> bool {
        match diagnostic.code {
            // What is called so may stand where nothing could be read.
            Code::UnknownVariable | Code::UnknownReference | Code::UndeclaredVariable
                if self.hide_names =>
            {
                return true;
            }
            Code::NothingToBuild | Code::NoMatch => return true,
            _ => {}
        }
        let Some(place) = diagnostic.primary.as_ref().map(|label| label.span) else { return false };
        let Some(file) = self.files.iter().find(|file| contains(file.span, place)) else {
            return false;
        };
        // That a block does not belong somewhere is said at its type, and of what is around it.
        let is_meant =
            |span: Span| diagnostic.code != Code::UnknownBlock || span.start() < place.start();
        let around: Vec<_> =
            file.blocks.iter().filter(|block| is_meant(block.0)).copied().collect();
        match innermost(&around, place) {
            Some(block) => around[block].1,
            None => file.misses_blocks,
        }
    }
}

/// All blocks with their places, an outer one before those inside it, and whether they declare names.
fn collect(body: &Body, blocks: &mut Vec<(Span, bool)>) {
    for block in &body.blocks {
        blocks.push((block.span, DECLARING.contains(&&*block.kind.text)));
        collect(&block.body, blocks);
    }
}

/// The index of the innermost block around a place.
fn innermost(blocks: &[(Span, bool)], place: Span) -> Option<usize> {
    blocks.iter().rposition(|&(span, _)| contains(span, place))
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.start() <= inner.start() && inner.start() < outer.end()
}
