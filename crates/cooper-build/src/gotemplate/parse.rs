//! Words of actions to a tree.

use super::scan::{Item, Token, TokenKind};
use super::{Data, TemplateError, function};

#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    Action(Pipeline),
    /// `if` and `with`, which also sets the dot.
    Branch {
        with: bool,
        pipeline: Pipeline,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
    Range {
        pipeline: Pipeline,
        each: Vec<Node>,
        otherwise: Vec<Node>,
    },
    Break,
    Continue,
}

/// Commands, each given the result of the one before as its last argument.
#[derive(Clone, Debug)]
pub(super) struct Pipeline {
    pub(super) offset: usize,
    /// The variables that get the result; two only in a `range`.
    pub(super) variables: Vec<String>,
    /// Whether they are made here, rather than changed.
    pub(super) declares: bool,
    pub(super) commands: Vec<Vec<Operand>>,
}

#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) offset: usize,
    pub(super) term: Term,
    /// Fields of the term: `.Vars.HOME`.
    pub(super) fields: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Term {
    Dot,
    Variable(String),
    Literal(Data),
    Nil,
    Function(function::Function),
    Pipeline(Pipeline),
}

/// How deep blocks and parentheses may be nested.
const DEPTH: usize = 64;

pub(super) fn parse(items: Vec<Item>) -> Result<Vec<Node>, TemplateError> {
    let mut parser =
        Parser { items: items.into_iter(), variables: vec![String::new()], depth: 0, loops: 0 };
    match parser.nodes()? {
        (nodes, None) => Ok(nodes),
        (_, Some(end)) => {
            let word = if end.is_else { "else" } else { "end" };
            Err(TemplateError::new(end.offset, format!("`{{{{{word}}}}}` ends nothing")))
        }
    }
}

/// Adds the fields of the whole data that nodes ask for. `is_root` tells whether the dot is the
/// whole data here.
pub(super) fn fields<'a>(nodes: &'a [Node], is_root: bool, found: &mut Vec<(&'a str, usize)>) {
    for node in nodes {
        match node {
            Node::Text(_) | Node::Break | Node::Continue => {}
            Node::Action(pipeline) => pipeline_fields(pipeline, is_root, found),
            Node::Branch { with, pipeline, then, otherwise } => {
                pipeline_fields(pipeline, is_root, found);
                fields(then, is_root && !with, found);
                fields(otherwise, is_root, found);
            }
            Node::Range { pipeline, each, otherwise } => {
                pipeline_fields(pipeline, is_root, found);
                fields(each, false, found);
                fields(otherwise, is_root, found);
            }
        }
    }
}

fn pipeline_fields<'a>(pipeline: &'a Pipeline, is_root: bool, found: &mut Vec<(&'a str, usize)>) {
    for operand in pipeline.commands.iter().flatten() {
        let of_root = match &operand.term {
            Term::Dot => is_root,
            Term::Variable(name) => name.is_empty(),
            Term::Pipeline(inner) => {
                pipeline_fields(inner, is_root, found);
                false
            }
            Term::Literal(_) | Term::Nil | Term::Function(_) => false,
        };
        if let (true, Some(field)) = (of_root, operand.fields.first()) {
            found.push((field, operand.offset));
        }
    }
}

struct Parser {
    items: std::vec::IntoIter<Item>,
    /// The names in scope; the empty one is `$`.
    variables: Vec<String>,
    depth: usize,
    loops: usize,
}

/// `{{end}}` or `{{else …}}`
struct End {
    offset: usize,
    is_else: bool,
    /// What stands behind `else`.
    tokens: Vec<Token>,
}

impl Parser {
    fn enter(&mut self, offset: usize) -> Result<(), TemplateError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(TemplateError::new(offset, "it is nested more than 64 deep"));
        }
        Ok(())
    }

    /// Nodes up to the end of the text or of the block they are in.
    fn nodes(&mut self) -> Result<(Vec<Node>, Option<End>), TemplateError> {
        let mut nodes = Vec::new();
        while let Some(item) = self.items.next() {
            let (offset, tokens) = match item {
                Item::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Item::Action { offset, tokens, .. } => (offset, tokens),
            };
            let first = tokens.iter().position(|token| token.kind != TokenKind::Space);
            let keyword = first.and_then(|first| match &tokens[first].kind {
                TokenKind::Word(word) => Some((word.clone(), tokens[first + 1..].to_vec())),
                _ => None,
            });
            let (word, rest) = keyword.unwrap_or_default();
            let node = match word.as_str() {
                "end" => {
                    Words::new(&rest, offset).finish()?;
                    return Ok((nodes, Some(End { offset, is_else: false, tokens: Vec::new() })));
                }
                "else" => return Ok((nodes, Some(End { offset, is_else: true, tokens: rest }))),
                "if" => self.branch(false, offset, &rest)?,
                "with" => self.branch(true, offset, &rest)?,
                "range" => self.range(offset, &rest)?,
                "break" | "continue" => {
                    Words::new(&rest, offset).finish()?;
                    if self.loops == 0 {
                        let message = format!("`{word}` stands outside a `range`");
                        return Err(TemplateError::new(offset, message));
                    }
                    if word == "break" { Node::Break } else { Node::Continue }
                }
                "define" | "template" | "block" => {
                    let message = format!("`{word}` is not available in a string");
                    return Err(TemplateError::new(offset, message));
                }
                _ => Node::Action(self.pipeline_action(&tokens, offset, 1)?),
            };
            nodes.push(node);
        }
        Ok((nodes, None))
    }

    /// The pipeline that is the whole of an action.
    fn pipeline_action(
        &mut self,
        tokens: &[Token],
        offset: usize,
        variables: usize,
    ) -> Result<Pipeline, TemplateError> {
        let mut words = Words::new(tokens, offset);
        let pipeline = self.pipeline(&mut words, variables)?;
        words.finish()?;
        Ok(pipeline)
    }

    fn branch(
        &mut self,
        with: bool,
        offset: usize,
        tokens: &[Token],
    ) -> Result<Node, TemplateError> {
        self.enter(offset)?;
        let scope = self.variables.len();
        let pipeline = self.pipeline_action(tokens, offset, 1)?;
        let (then, end) = self.nodes()?;
        let otherwise = self.otherwise(if with { "with" } else { "if" }, offset, end)?;
        self.variables.truncate(scope);
        self.depth -= 1;
        Ok(Node::Branch { with, pipeline, then, otherwise })
    }

    fn range(&mut self, offset: usize, tokens: &[Token]) -> Result<Node, TemplateError> {
        self.enter(offset)?;
        let scope = self.variables.len();
        let pipeline = self.pipeline_action(tokens, offset, 2)?;
        self.loops += 1;
        let (each, end) = self.nodes()?;
        self.loops -= 1;
        let otherwise = self.otherwise("range", offset, end)?;
        self.variables.truncate(scope);
        self.depth -= 1;
        Ok(Node::Range { pipeline, each, otherwise })
    }

    /// What stands between `else` and `end`, when the block did not end before.
    fn otherwise(
        &mut self,
        block: &str,
        offset: usize,
        end: Option<End>,
    ) -> Result<Vec<Node>, TemplateError> {
        let open = || TemplateError::new(offset, format!("`{block}` has no `{{{{end}}}}`"));
        let end = end.ok_or_else(open)?;
        if !end.is_else {
            return Ok(Vec::new());
        }
        let mut words = Words::new(&end.tokens, end.offset);
        words.skip_space();
        // `else if` is an `if` inside the `else`; both have one end.
        match words.peek() {
            Some(TokenKind::Word(word)) if word == block && block != "range" => {
                let tokens = &end.tokens[words.at + 1..];
                Ok(vec![self.branch(block == "with", end.offset, tokens)?])
            }
            _ => {
                words.finish()?;
                match self.nodes()? {
                    (nodes, Some(End { is_else: false, .. })) => Ok(nodes),
                    (_, Some(second)) => Err(TemplateError::new(
                        second.offset,
                        format!("`{block}` has an `else` already"),
                    )),
                    (_, None) => Err(open()),
                }
            }
        }
    }

    fn pipeline(&mut self, words: &mut Words<'_>, most: usize) -> Result<Pipeline, TemplateError> {
        words.skip_space();
        let mut pipeline = Pipeline {
            offset: words.offset(),
            variables: Vec::new(),
            declares: false,
            commands: Vec::new(),
        };
        self.assignment(words, most, &mut pipeline)?;
        // As in Go, whether a variable was made before it is used shows when that is reached.
        self.variables.extend(pipeline.variables.iter().cloned());
        loop {
            let offset = words.offset();
            let command = self.command(words)?;
            if command.is_empty() {
                return Err(TemplateError::new(offset, "a value is missing"));
            }
            let literal = matches!(command[0].term, Term::Literal(_) | Term::Nil | Term::Dot)
                && command[0].fields.is_empty();
            if literal && !pipeline.commands.is_empty() {
                return Err(TemplateError::new(offset, "only a function can stand behind `|`"));
            }
            pipeline.commands.push(command);
            if words.next_if(&TokenKind::Pipe).is_none() {
                break;
            }
        }
        Ok(pipeline)
    }

    /// `$x :=`, `$x =` or, in a `range`, `$i, $x :=`.
    fn assignment(
        &mut self,
        words: &mut Words<'_>,
        most: usize,
        pipeline: &mut Pipeline,
    ) -> Result<(), TemplateError> {
        let start = words.at;
        let mut names = Vec::new();
        loop {
            words.skip_space();
            let Some(TokenKind::Variable(name)) = words.peek().cloned() else { break };
            words.at += 1;
            names.push(name);
            words.skip_space();
            if words.next_if(&TokenKind::Comma).is_some() && names.len() < most {
                continue;
            }
            let declares = words.next_if(&TokenKind::Declare).is_some();
            if declares || words.next_if(&TokenKind::Assign).is_some() {
                pipeline.variables = names;
                pipeline.declares = declares;
                return Ok(());
            }
            break;
        }
        words.at = start;
        Ok(())
    }

    fn command(&mut self, words: &mut Words<'_>) -> Result<Vec<Operand>, TemplateError> {
        let mut operands = Vec::new();
        loop {
            words.skip_space();
            match words.peek() {
                None | Some(TokenKind::Pipe | TokenKind::Close) => return Ok(operands),
                Some(_) => operands.push(self.operand(words)?),
            }
            match words.peek() {
                None | Some(TokenKind::Space | TokenKind::Pipe | TokenKind::Close) => {}
                Some(_) => return Err(words.unexpected()),
            }
        }
    }

    fn operand(&mut self, words: &mut Words<'_>) -> Result<Operand, TemplateError> {
        let offset = words.offset();
        let Some(kind) = words.peek().cloned() else { return Err(words.unexpected()) };
        let mut fields = Vec::new();
        let mut has_fields = true;
        let term = match kind {
            TokenKind::Dot => {
                has_fields = false;
                Term::Dot
            }
            TokenKind::Field(name) => {
                fields.push(name);
                Term::Dot
            }
            TokenKind::Variable(name) => {
                if !self.variables.contains(&name) {
                    let message = format!("there is no variable `${name}`");
                    return Err(TemplateError::new(offset, message));
                }
                Term::Variable(name)
            }
            TokenKind::Literal(data) => {
                has_fields = false;
                Term::Literal(data)
            }
            TokenKind::Word(word) => {
                has_fields = false;
                match word.as_str() {
                    "true" => Term::Literal(Data::Bool(true)),
                    "false" => Term::Literal(Data::Bool(false)),
                    "nil" => Term::Nil,
                    name => Term::Function(
                        function::find(name)
                            .ok_or_else(|| TemplateError::new(offset, function::unknown(name)))?,
                    ),
                }
            }
            TokenKind::Open => {
                words.at += 1;
                self.enter(offset)?;
                let pipeline = self.pipeline(words, 1)?;
                self.depth -= 1;
                if words.peek() != Some(&TokenKind::Close) {
                    return Err(TemplateError::new(offset, "`(` has no `)`"));
                }
                Term::Pipeline(pipeline)
            }
            _ => return Err(words.unexpected()),
        };
        words.at += 1;
        while let Some(TokenKind::Field(name)) = words.peek()
            && has_fields
        {
            fields.push(name.clone());
            words.at += 1;
        }
        Ok(Operand { offset, term, fields })
    }
}

/// A place in the words of an action.
struct Words<'a> {
    tokens: &'a [Token],
    at: usize,
    /// Where the action begins.
    action: usize,
}

impl<'a> Words<'a> {
    const fn new(tokens: &'a [Token], action: usize) -> Self {
        Self { tokens, at: 0, action }
    }

    fn peek(&self) -> Option<&'a TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn next_if(&mut self, kind: &TokenKind) -> Option<()> {
        (self.peek() == Some(kind)).then(|| self.at += 1)
    }

    fn skip_space(&mut self) {
        while self.next_if(&TokenKind::Space).is_some() {}
    }

    fn offset(&self) -> usize {
        self.tokens.get(self.at).map_or(self.action, |token| token.offset)
    }

    fn unexpected(&self) -> TemplateError {
        TemplateError::new(self.offset(), "this cannot stand here")
    }

    /// Fails when anything is left.
    fn finish(&mut self) -> Result<(), TemplateError> {
        self.skip_space();
        if self.peek().is_some() { Err(self.unexpected()) } else { Ok(()) }
    }
}
