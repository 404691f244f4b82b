//! A component's arguments: declared once, checked, and read into a struct.

use std::collections::BTreeMap;
use std::sync::Arc;

use cooper_hcl::schema::{ArgumentSchema, BlockSchema, Choices, Occurrence, Places, Schema};
use cooper_hcl::value::Marks;
use cooper_hcl::{
    Code, Diagnostic, Diagnostics, Reported, SourceMap, Span, System, Type, Value, ValueKind,
};

use crate::lock::Lock;
use crate::run::OnError;
use crate::secret::Secrets;

/// The arguments of one component in one build: of the schema's types, and with their places. They
/// are wholly known, but for a [`Phase::Draft`].
#[derive(Clone)]
pub struct Config<'a> {
    /// An object with an attribute for every argument and nested block of the schema.
    pub value: Value,
    /// Where each came from.
    pub places: Places,
    /// The texts that places are in.
    pub sources: &'a SourceMap,
    /// The component's use.
    pub origin: Origin,
    /// The `build.*` names that there are when the component runs.
    pub facts: &'a [String],
    /// The types of the components whose artifact a post-processor is given: the source's, then
    /// those before it in its chain. Names are as the catalog has them.
    pub before: &'a [String],
    /// When this happens.
    pub phase: Phase<'a>,
    /// Where mistakes are recorded.
    pub diags: &'a Diagnostics,
    /// Where mistakes go that may be none, because an argument is not known yet.
    pub doubtful: &'a Diagnostics,
    /// The outside world.
    pub system: &'a Arc<dyn System>,
    /// What must not be shown. Passwords found in credentials are added here.
    pub secrets: &'a Secrets,
    /// Which plugins and base images the template is built with.
    pub lock: &'a Arc<Lock>,
}

/// Which build and source a component is used in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// `name.docker.ubuntu`
    pub build: crate::event::BuildId,
    /// The source's type: `docker`.
    pub source_type: String,
    /// The label of the `source` block: `ubuntu`. What Packer calls the build's name in
    /// scripts and manifests.
    pub source_label: String,
    /// The name this use of the source was given; the label when it was given none.
    pub source_name: String,
    /// `-force`
    pub force: bool,
    /// `-debug`
    pub debug: bool,
    /// `-on-error`
    pub on_error: OnError,
    /// The absolute path of the legacy template that it stands in; nothing for one in HCL.
    pub legacy: Option<String>,
}

impl Origin {
    /// Of a data source, which is asked before there is any build, and of steps whose source is not
    /// there.
    pub(crate) fn unknown() -> Self {
        Self {
            build: crate::event::BuildId(String::new()),
            source_type: String::new(),
            source_label: String::new(),
            source_name: String::new(),
            force: false,
            debug: false,
            on_error: OnError::default(),
            legacy: None,
        }
    }
}

/// When a component is prepared.
#[derive(Clone, Copy)]
pub enum Phase<'a> {
    /// While planning; some arguments are not known yet. Only what is recorded counts: what is
    /// prepared is thrown away. An argument that is not known reads as if it were not given, so a
    /// check that looks at several arguments says so with [`Config::looking_at`].
    Draft,
    /// While planning; every argument is known without the machine.
    Plan,
    /// Right before the step runs; the facts are what `build.*` was evaluated with.
    Run(&'a crate::component::Facts),
}

/// A struct that a component's arguments are read into. Made by [`crate::component_config!`].
pub trait ConfigSchema: Sized {
    /// What may be given.
    fn schema() -> Schema;

    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// [`Reported`], when one of them cannot be read; all of them are tried.
    fn read(value: &Value, places: &Places, diags: &Diagnostics) -> Result<Self, Reported>;

    /// The arguments that cannot be read.
    fn unreadable(value: &Value) -> Vec<&'static str>;
}

/// A type that one argument is read into.
pub trait ArgumentType: Sized {
    /// What the argument's value is converted to before it is read.
    fn ty() -> Type;

    /// The words that the argument, or each of its elements, may be; nothing when it may be any.
    /// A word that is none of [complete](Choices::is_complete) choices is refused before it is
    /// read.
    fn choices() -> Option<Choices> {
        None
    }

    /// Reads a known value of that type that is not null.
    ///
    /// # Errors
    ///
    /// What is wrong, as a diagnostic's message.
    fn read(value: &Value) -> Result<Self, String>;

    /// The value when nothing was given; nothing when it must be given.
    fn absent() -> Option<Self> {
        None
    }

    /// What stands, in a [`Phase::Draft`], for a value that is not wholly known; nothing when the
    /// component cannot be looked at without it.
    fn draft(value: &Value) -> Option<Self> {
        let _ = value;
        Self::absent()
    }
}

impl Config<'_> {
    /// Reads the arguments into a struct.
    ///
    /// # Errors
    ///
    /// [`Reported`], when one of them cannot be read; all of them are tried.
    pub fn read<T: ConfigSchema>(&self) -> Result<T, Reported> {
        T::read(&self.value, &self.places, self.diags)
    }

    /// Reads the arguments into a struct and makes something of it. When one cannot be read, the
    /// others are looked at all the same: a mistake must not hide another.
    ///
    /// # Errors
    ///
    /// [`Reported`], when an argument cannot be read, or when `make` says so.
    pub fn make<T: ConfigSchema, C>(
        &self,
        make: impl Fn(&Config<'_>, T) -> Result<C, Reported>,
    ) -> Result<C, Reported> {
        self.read().map_or_else(
            |reported| {
                let draft = self.without_unreadable::<T>();
                if let Ok(arguments) = draft.read() {
                    // It is looked at for its mistakes only.
                    let _ = make(&draft, arguments);
                }
                Err(reported)
            },
            |arguments| make(self, arguments),
        )
    }

    /// The same arguments, with those unknown that cannot be read.
    fn without_unreadable<T: ConfigSchema>(&self) -> Self {
        let unreadable = T::unreadable(&self.value);
        let arguments = self.value.as_mapping().into_iter().flatten();
        let arguments = arguments.map(|(name, value)| match unreadable.contains(&&**name) {
            true => (name.clone(), Value::unknown(value.ty())),
            false => (name.clone(), value.clone()),
        });
        let value = Value::object(arguments).with_marks(self.value.marks());
        Self { value, phase: Phase::Draft, ..self.clone() }
    }

    /// The place of an argument's value, or of the block when it was not given.
    pub fn place(&self, argument: &str) -> Span {
        self.places.value(argument)
    }

    /// The place of an element of an argument that is a list; the argument's when the list is
    /// not written out.
    pub fn element_place(&self, argument: &str, index: usize) -> Span {
        self.places.element(argument, index)
    }

    /// What is noted about an argument, or about anything in it.
    pub fn marks(&self, argument: &str) -> Marks {
        let given = self.value.as_mapping().and_then(|arguments| arguments.get(argument));
        given.map_or(Marks::NONE, |value| value.deep_marks())
    }

    /// Whether an argument is known; one that is not given is.
    pub fn knows(&self, argument: &str) -> bool {
        let given = self.value.as_mapping().and_then(|arguments| arguments.get(argument));
        given.is_none_or(Value::is_wholly_known)
    }

    /// Whether an element of an argument that is a list is known.
    pub fn knows_element(&self, argument: &str, index: usize) -> bool {
        let given = self.value.as_mapping().and_then(|arguments| arguments.get(argument));
        match given.and_then(|list| list.as_sequence()?.get(index)) {
            Some(element) => element.is_wholly_known(),
            None => self.knows(argument),
        }
    }

    /// The same arguments for a check that looks at these: while one of them is not known, nothing
    /// that it finds is recorded.
    #[must_use]
    pub fn looking_at(&self, arguments: &[&str]) -> Self {
        let known = arguments.iter().all(|argument| self.knows(argument));
        Self { diags: if known { self.diags } else { self.doubtful }, ..self.clone() }
    }

    /// Records a mistake in an argument, unless that is not known yet.
    pub fn error(&self, code: Code, argument: &str, message: impl Into<String>) -> Reported {
        self.looking_at(&[argument])
            .diags
            .error(Diagnostic::error(code, message).at(self.place(argument), ""))
    }
}

impl ArgumentType for String {
    fn ty() -> Type {
        Type::String
    }

    fn read(value: &Value) -> Result<Self, String> {
        value.as_str().map(str::to_owned).ok_or_else(|| "a string is required".to_owned())
    }

    fn draft(_: &Value) -> Option<Self> {
        Some(Self::new())
    }
}

impl ArgumentType for bool {
    fn ty() -> Type {
        Type::Bool
    }

    fn read(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "a boolean is required".to_owned())
    }

    fn absent() -> Option<Self> {
        Some(false)
    }
}

impl ArgumentType for i64 {
    fn ty() -> Type {
        Type::Number
    }

    fn read(value: &Value) -> Result<Self, String> {
        match value.kind() {
            ValueKind::Number(number) => {
                number.to_i64().ok_or_else(|| "a whole number is required".to_owned())
            }
            _ => Err("a number is required".to_owned()),
        }
    }
}

impl<T: ArgumentType> ArgumentType for Option<T> {
    fn ty() -> Type {
        T::ty()
    }

    fn choices() -> Option<Choices> {
        T::choices()
    }

    fn read(value: &Value) -> Result<Self, String> {
        T::read(value).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: ArgumentType> ArgumentType for Vec<T> {
    fn ty() -> Type {
        Type::list(T::ty())
    }

    fn choices() -> Option<Choices> {
        T::choices()
    }

    fn read(value: &Value) -> Result<Self, String> {
        let elements = value.as_sequence().ok_or_else(|| "a list is required".to_owned())?;
        let read = |(index, element): (usize, &Value)| {
            if element.is_null() {
                return Err(format!("element {index} is null"));
            }
            T::read(element).map_err(|message| format!("element {index}: {message}"))
        };
        elements.iter().enumerate().map(read).collect()
    }

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }

    fn draft(value: &Value) -> Option<Self> {
        let Some(elements) = value.as_sequence() else { return Self::absent() };
        let element = |element: &Value| match element.is_wholly_known() {
            true => T::read(element).ok(),
            false => T::draft(element),
        };
        elements.iter().map(element).collect()
    }
}

impl<T: ArgumentType> ArgumentType for BTreeMap<String, T> {
    fn ty() -> Type {
        Type::map(T::ty())
    }

    fn read(value: &Value) -> Result<Self, String> {
        let elements = value.as_mapping().ok_or_else(|| "a map is required".to_owned())?;
        let read = |(name, element): (&Arc<str>, &Value)| {
            if element.is_null() {
                return Err(format!("element `{name}` is null"));
            }
            let element =
                T::read(element).map_err(|message| format!("element `{name}`: {message}"))?;
            Ok((name.to_string(), element))
        };
        elements.iter().map(read).collect()
    }

    fn absent() -> Option<Self> {
        Some(BTreeMap::new())
    }
}

#[doc(hidden)]
pub mod macros {
    //! What [`crate::component_config!`] expands to.

    use super::*;

    /// The schema of one argument.
    pub fn argument<T: ArgumentType>(
        name: &'static str,
        doc: &'static str,
        has_default: bool,
    ) -> ArgumentSchema {
        let required = !has_default && T::absent().is_none();
        let (ty, choices) = (T::ty(), T::choices());
        ArgumentSchema { name: name.into(), ty, required, choices, doc: doc.into() }
    }

    /// The schema of a nested block that may stand once.
    pub fn block<T: ConfigSchema>(name: &'static str) -> BlockSchema {
        BlockSchema { name: name.into(), occurrence: Occurrence::AtMostOne, schema: T::schema() }
    }

    /// Whether an argument is given, and cannot be read.
    pub fn is_unreadable<T: ArgumentType>(name: &'static str, value: &Value) -> bool {
        given::<T>(name, value).is_some_and(|value| {
            let is_wrong = complete_choices::<T>().is_some_and(|choices| {
                words(value).any(|(_, word)| !choices.words.contains(&word))
            });
            is_wrong || value.is_wholly_known() && T::read(value).is_err()
        })
    }

    /// The value of an argument, when it is given.
    fn given<'v, T: ArgumentType>(name: &str, value: &'v Value) -> Option<&'v Value> {
        let given = value.as_mapping().and_then(|object| object.get(name))?;
        let is_empty = || complete_choices::<T>().is_some() && given.as_str() == Some("");
        (!given.is_null() && !is_empty()).then_some(given)
    }

    fn complete_choices<T: ArgumentType>() -> Option<Choices> {
        T::choices().filter(|choices| choices.is_complete)
    }

    /// The words of an argument that is one, or of its elements, each with its index, as far as
    /// they are known.
    fn words(value: &Value) -> impl Iterator<Item = (Option<usize>, &str)> {
        let elements = value.as_sequence().unwrap_or_default().iter().enumerate();
        let elements =
            elements.filter_map(|(index, element)| Some((Some(index), element.as_str()?)));
        value.as_str().map(|word| (None, word)).into_iter().chain(elements)
    }

    /// Reads one argument.
    pub fn read<T: ArgumentType>(
        name: &'static str,
        default: Option<fn() -> T>,
        value: &Value,
        places: &Places,
        diags: &Diagnostics,
    ) -> Result<T, Reported> {
        let given = given::<T>(name, value);
        if let (Some(choices), Some(value)) = (complete_choices::<T>(), given) {
            let wrong = words(value).filter(|(_, word)| !choices.words.contains(word));
            let refused = wrong.map(|(index, word)| {
                let place = match index {
                    Some(index) => places.element(name, index),
                    None => places.value(name),
                };
                diags.error(choices.refusal(word).at(place, ""))
            });
            refused.last().map_or(Ok(()), Err)?;
        }
        match given {
            Some(value) if !value.is_wholly_known() => {
                // Without it, nothing can be said of the component; that is no mistake.
                let error =
                    Diagnostic::error(Code::NotAllowedHere, "the argument is not known yet");
                T::draft(value).ok_or_else(|| Diagnostics::new().error(error))
            }
            Some(value) => T::read(value).map_err(|message| {
                let message = format!("`{name}` cannot be used: {message}");
                let error = Diagnostic::error(Code::InvalidValue, message);
                diags.error(error.at(places.value(name), ""))
            }),
            None => default.map(|make| make()).or_else(T::absent).ok_or_else(|| {
                let message = format!("the argument `{name}` is required");
                let error = Diagnostic::error(Code::MissingArgument, message);
                diags.error(error.at(places.header, ""))
            }),
        }
    }

    /// Reads a nested block that may stand once.
    pub fn read_block<T: ConfigSchema>(
        name: &'static str,
        value: &Value,
        places: &Places,
        diags: &Diagnostics,
    ) -> Result<Option<T>, Reported> {
        let given = value.as_mapping().and_then(|object| object.get(name));
        let given = given.filter(|value| !value.is_null() && value.is_known());
        let Some(value) = given else { return Ok(None) };
        let nested = places.blocks.get(name).and_then(|blocks| blocks.first());
        T::read(value, nested.unwrap_or(places), diags).map(Some)
    }
}

/// Declares a component's arguments: a struct, its schema and its reading, from the same lines.
///
/// ```
/// cooper_build::component_config! {
///     /// Waits before the next provisioner starts.
///     pub struct Nap {
///         /// Must be given, because a `String` has no natural default.
///         reason: String,
///         /// May be left out.
///         note: Option<String>,
///         /// Has a default of its own.
///         times: i64 = 1,
///         @block
///         /// A nested block, at most one; an `Option` in the struct.
///         pillow: Pillow,
///     }
/// }
/// cooper_build::component_config! {
///     /// Softens.
///     pub struct Pillow {
///         /// How much.
///         softness: Option<i64>,
///     }
/// }
/// ```
#[macro_export]
macro_rules! component_config {
    (@count) => { 0 };
    (@count $default:expr) => { 1 };
    (
        $(#[doc = $struct_doc:literal])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $field:ident : $ty:ty $(= $default:expr)?,
            )*
            $(
                @block
                $(#[doc = $block_doc:literal])*
                $block:ident : $block_ty:ty,
            )*
        }
    ) => {
        $(#[doc = $struct_doc])*
        #[derive(Clone, Debug)]
        $vis struct $name {
            $( $(#[doc = $doc])* $vis $field: $ty, )*
            $( $(#[doc = $block_doc])* $vis $block: Option<$block_ty>, )*
        }

        impl $crate::component::ConfigSchema for $name {
            fn schema() -> $crate::hcl::schema::Schema {
                use $crate::component::macros;
                $crate::hcl::schema::Schema {
                    doc: concat!($($struct_doc, "\n"),*).into(),
                    arguments: vec![$(
                        macros::argument::<$ty>(
                            stringify!($field),
                            concat!($($doc, "\n"),*),
                            $crate::component_config!(@count $($default)?) == 1,
                        )
                    ),*],
                    blocks: vec![$( macros::block::<$block_ty>(stringify!($block)) ),*],
                }
            }

            fn read(
                value: &$crate::hcl::Value,
                places: &$crate::hcl::schema::Places,
                diags: &$crate::hcl::Diagnostics,
            ) -> Result<Self, $crate::hcl::Reported> {
                use $crate::component::macros;
                $(
                    let default: [fn() -> $ty; $crate::component_config!(@count $($default)?)] =
                        [$(|| $default)?];
                    let $field = macros::read::<$ty>(
                        stringify!($field),
                        default.first().copied(),
                        value,
                        places,
                        diags,
                    );
                )*
                $( let $block =
                    macros::read_block::<$block_ty>(stringify!($block), value, places, diags); )*
                Ok(Self { $($field: $field?,)* $($block: $block?,)* })
            }

            fn unreadable(value: &$crate::hcl::Value) -> Vec<&'static str> {
                use $crate::component::macros;
                let mut unreadable = Vec::new();
                $( if macros::is_unreadable::<$ty>(stringify!($field), value) {
                    unreadable.push(stringify!($field));
                } )*
                unreadable
            }
        }
    };
}
