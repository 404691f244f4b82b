//! A tree and data to text.

use std::collections::BTreeMap;

use super::parse::{Node, Operand, Pipeline, Term};
use super::{Context, Data, TemplateError, function, print};

pub(super) fn render(
    nodes: &[Node],
    data: &Data,
    cx: &Context<'_>,
) -> Result<String, TemplateError> {
    let mut renderer = Renderer {
        cx,
        root: data,
        variables: Vec::new(),
        output: String::new(),
        steps: 0,
        made: 0,
    };
    renderer.nodes(nodes, data)?;
    Ok(renderer.output)
}

pub(super) struct Renderer<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) root: &'a Data,
    variables: Vec<(&'a str, Data)>,
    output: String,
    steps: usize,
    made: usize,
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// The longest result, in bytes.
pub(super) const OUTPUT: usize = 16 << 20;
/// The most bytes that functions make along the way.
const MADE: usize = 4 * OUTPUT;
/// The most nodes and operands that are looked at.
const STEPS: usize = 1_000_000;

impl<'a> Renderer<'a> {
    fn step(&mut self, offset: usize) -> Result<(), TemplateError> {
        self.steps += 1;
        if self.steps > STEPS {
            return Err(TemplateError::new(offset, "it takes more than 1,000,000 steps"));
        }
        Ok(())
    }

    fn write(&mut self, text: &str, offset: usize) -> Result<(), TemplateError> {
        if text.len() > OUTPUT - self.output.len() {
            return Err(TemplateError::new(offset, "the result would be longer than 16 MiB"));
        }
        self.output.push_str(text);
        Ok(())
    }

    fn nodes(&mut self, nodes: &'a [Node], dot: &Data) -> Result<Flow, TemplateError> {
        for node in nodes {
            let flow = match node {
                Node::Text(text) => {
                    self.step(0)?;
                    self.write(text, 0)?;
                    Flow::Next
                }
                Node::Action(pipeline) => {
                    let value = self.pipeline(pipeline, dot)?;
                    if pipeline.variables.is_empty() {
                        let shown = print::shown(&value, OUTPUT)
                            .map_err(|message| TemplateError::new(pipeline.offset, message))?;
                        self.write(&shown, pipeline.offset)?;
                    }
                    Flow::Next
                }
                Node::Branch { with, pipeline, then, otherwise } => {
                    let scope = self.variables.len();
                    let value = self.pipeline(pipeline, dot)?;
                    let flow = if value.is_true() {
                        self.nodes(then, if *with { &value } else { dot })?
                    } else {
                        self.nodes(otherwise, dot)?
                    };
                    self.variables.truncate(scope);
                    flow
                }
                Node::Range { pipeline, each, otherwise } => {
                    self.range(pipeline, each, otherwise, dot)?
                }
                Node::Break => Flow::Break,
                Node::Continue => Flow::Continue,
            };
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn range(
        &mut self,
        pipeline: &'a Pipeline,
        each: &'a [Node],
        otherwise: &'a [Node],
        dot: &Data,
    ) -> Result<Flow, TemplateError> {
        let scope = self.variables.len();
        let value = self.commands(pipeline, dot)?;
        let elements: Box<dyn Iterator<Item = (Data, Data)>> = match value {
            Data::Nil => Box::new(std::iter::empty()),
            Data::Integer(_) if pipeline.variables.len() > 1 => {
                let message = "`range` over a number has one variable";
                return Err(TemplateError::new(pipeline.offset, message));
            }
            Data::Integer(count) => {
                Box::new((0..count.max(0)).map(|i| (Data::Integer(i), Data::Integer(i))))
            }
            Data::List(elements) => Box::new((0..elements.len()).map(move |index| {
                (Data::Integer(i64::try_from(index).unwrap_or(i64::MAX)), elements[index].clone())
            })),
            Data::Map(elements) => {
                let elements = BTreeMap::clone(&elements);
                Box::new(elements.into_iter().map(|(name, element)| (name.into(), element)))
            }
            other => {
                let message = format!("`range` needs a list or a map, not {}", other.what());
                return Err(TemplateError::new(pipeline.offset, message));
            }
        };
        let mut any = false;
        for (key, element) in elements {
            any = true;
            self.step(pipeline.offset)?;
            let values = match pipeline.variables.len() {
                2 => vec![key, element.clone()],
                _ => vec![element.clone()],
            };
            for (name, value) in pipeline.variables.iter().zip(values) {
                self.assign(pipeline, name, value)?;
            }
            let flow = self.nodes(each, &element)?;
            self.variables.truncate(scope);
            if flow == Flow::Break {
                break;
            }
        }
        if any { Ok(Flow::Next) } else { self.nodes(otherwise, dot) }
    }

    /// Gives a pipeline's variable a value.
    fn assign(
        &mut self,
        pipeline: &'a Pipeline,
        name: &'a str,
        value: Data,
    ) -> Result<(), TemplateError> {
        if pipeline.declares {
            self.variables.push((name, value));
            return Ok(());
        }
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some((_, old)) => {
                *old = value;
                Ok(())
            }
            None => {
                let message = format!("there is no variable `${name}`");
                Err(TemplateError::new(pipeline.offset, message))
            }
        }
    }

    /// The value of a pipeline, given to its variables if it has any.
    fn pipeline(&mut self, pipeline: &'a Pipeline, dot: &Data) -> Result<Data, TemplateError> {
        let value = self.commands(pipeline, dot)?;
        for name in &pipeline.variables {
            self.assign(pipeline, name, value.clone())?;
        }
        Ok(value)
    }

    fn commands(&mut self, pipeline: &'a Pipeline, dot: &Data) -> Result<Data, TemplateError> {
        let mut value = None;
        for command in &pipeline.commands {
            value = Some(self.command(command, dot, value)?);
        }
        Ok(value.unwrap_or_default())
    }

    fn command(
        &mut self,
        command: &'a [Operand],
        dot: &Data,
        last: Option<Data>,
    ) -> Result<Data, TemplateError> {
        let Some((first, rest)) = command.split_first() else { return Ok(Data::Nil) };
        let Term::Function(function) = &first.term else {
            if !rest.is_empty() || last.is_some() {
                // As in Go, a field of nothing is nothing whatever it is given.
                if let [fields @ .., _] = &first.fields[..]
                    && !fields.is_empty()
                    && self.field(first, fields, dot)? == Data::Nil
                {
                    return Ok(Data::Nil);
                }
                let message = "only a function can be given arguments";
                return Err(TemplateError::new(first.offset, message));
            }
            if matches!(first.term, Term::Nil) {
                return Err(TemplateError::new(first.offset, "`nil` can only be an argument"));
            }
            return self.operand(first, dot);
        };
        let failed = |message| TemplateError::new(first.offset, message);
        // `and` and `or` stop at the first argument that decides.
        let decides = function.decides();
        let count = rest.len() + usize::from(last.is_some());
        function.check_count(count).map_err(failed)?;
        let mut args = Vec::with_capacity(count);
        for operand in rest {
            let value = self.operand(operand, dot)?;
            if decides == Some(value.is_true()) {
                return Ok(value);
            }
            args.push(value);
        }
        args.extend(last);
        if decides.is_some() {
            return Ok(args.pop().unwrap_or_default());
        }
        self.step(first.offset)?;
        let value = function::call(function, &args, self).map_err(failed)?;
        if let Data::String(text) = &value {
            self.made += text.len();
            if self.made > MADE {
                return Err(failed("the strings along the way are longer than 64 MiB".into()));
            }
        }
        Ok(value)
    }

    fn operand(&mut self, operand: &'a Operand, dot: &Data) -> Result<Data, TemplateError> {
        self.field(operand, &operand.fields, dot)
    }

    /// A field of what an operand begins with.
    fn field(
        &mut self,
        operand: &'a Operand,
        fields: &[String],
        dot: &Data,
    ) -> Result<Data, TemplateError> {
        self.step(operand.offset)?;
        let mut value = match &operand.term {
            Term::Dot => dot.clone(),
            Term::Variable(name) if name.is_empty() => self.root.clone(),
            Term::Variable(name) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                let missing = || {
                    let message = format!("there is no variable `${name}`");
                    TemplateError::new(operand.offset, message)
                };
                known.map(|(_, value)| value.clone()).ok_or_else(missing)?
            }
            Term::Literal(value) => value.clone(),
            Term::Nil => Data::Nil,
            Term::Function(_) => self.command(std::slice::from_ref(operand), dot, None)?,
            Term::Pipeline(pipeline) => self.pipeline(pipeline, dot)?,
        };
        for field in fields {
            value = match value {
                Data::Nil => Data::Nil,
                Data::Map(elements) => elements.get(field).cloned().unwrap_or_default(),
                other => {
                    let message = format!("{} has no field `{field}`", other.what());
                    return Err(TemplateError::new(operand.offset, message));
                }
            };
        }
        Ok(value)
    }
}
