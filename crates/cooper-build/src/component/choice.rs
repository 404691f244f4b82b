//! Arguments that are one of a few words.

/// A type that is one of a few words. Made by [`crate::choices!`].
pub trait Choice: Copy + PartialEq + 'static {
    /// What each of them is, for messages: `direction`.
    const NOUN: &'static str;

    /// The words, in the order of the reference page.
    const WORDS: &'static [&'static str];

    /// What the words stand for, in the same order.
    const ALL: &'static [Self];

    /// What a word stands for; nothing when it is none of them.
    fn of(word: &str) -> Option<Self> {
        let at = Self::WORDS.iter().position(|known| *known == word)?;
        Self::ALL.get(at).copied()
    }

    /// The word for it.
    fn word(self) -> &'static str {
        let at = Self::ALL.iter().position(|known| *known == self);
        at.and_then(|at| Self::WORDS.get(at)).copied().unwrap_or_default()
    }
}

/// Declares the words that an argument, or each element of one, may be: an enum that is a
/// [`Choice`]. Checks, reference pages and editors know the words from here alone.
///
/// ```
/// use cooper_build::component::Choice;
///
/// cooper_build::choices! {
///     /// Which way something goes.
///     pub enum Way: "way" {
///         Up = "up",
///         Down = "down",
///     }
/// }
/// assert_eq!(Way::of("down"), Some(Way::Down));
/// assert_eq!(Way::Up.word(), "up");
///
/// cooper_build::component_config! {
///     /// Moves something.
///     pub struct Move {
///         /// Which way.
///         way: Way,
///         /// Where it may not go.
///         forbidden: Vec<Way>,
///     }
/// }
/// ```
///
/// An argument that is an empty string counts as not given, as for Packer.
#[macro_export]
macro_rules! choices {
    (
        $(#[doc = $doc:literal])*
        $vis:vis enum $name:ident : $noun:literal {
            $( $(#[doc = $word_doc:literal])* $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        $vis enum $name {
            $(
                #[doc = concat!("`", $word, "`")]
                $(#[doc = $word_doc])*
                $variant,
            )+
        }

        impl $crate::component::Choice for $name {
            const NOUN: &'static str = $noun;
            const WORDS: &'static [&'static str] = &[$($word),+];
            const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        impl $crate::component::ArgumentType for $name {
            fn ty() -> $crate::hcl::Type {
                $crate::hcl::Type::String
            }

            fn choices() -> Option<$crate::hcl::schema::Choices> {
                use $crate::component::Choice;
                let (noun, words) = (Self::NOUN, Self::WORDS);
                Some($crate::hcl::schema::Choices { noun, words, is_complete: true })
            }

            fn read(value: &$crate::hcl::Value) -> Result<Self, String> {
                let word = value.as_str().and_then(<Self as $crate::component::Choice>::of);
                word.ok_or_else(|| format!("there is no such {}", $noun))
            }

            /// Checks that depend on what it is do not count while it is not known.
            fn draft(_: &$crate::hcl::Value) -> Option<Self> {
                <Self as $crate::component::Choice>::ALL.first().copied()
            }
        }
    };
}
