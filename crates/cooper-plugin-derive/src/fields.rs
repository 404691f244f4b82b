//! What a struct says of its fields.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Error, Expr, Fields, Ident, Lit, LitStr, Meta, Type};

/// One field, which is an argument.
pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    /// What it is called in a template.
    pub(crate) name: String,
    /// The doc comment, in paragraphs.
    pub(crate) about: String,
    /// What it is when it is not given.
    pub(crate) default: Option<TokenStream>,
    pub(crate) is_sensitive: bool,
}

/// The fields of a struct, or what is wrong with all of them.
pub(crate) fn of(input: &DeriveInput) -> Result<Vec<Field<'_>>, Error> {
    let wanted = "a schema is made of a struct with named fields";
    let Data::Struct(data) = &input.data else { return Err(Error::new_spanned(input, wanted)) };
    let fields = match &data.fields {
        Fields::Named(fields) => fields.named.iter().collect(),
        // A component without arguments.
        Fields::Unit => Vec::new(),
        Fields::Unnamed(fields) => return Err(Error::new_spanned(fields, wanted)),
    };
    let mut read = Vec::new();
    let mut mistakes: Option<Error> = None;
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        match one(ident, &field.ty, &field.attrs) {
            Ok(field) => read.push(field),
            Err(error) => match &mut mistakes {
                Some(mistakes) => mistakes.combine(error),
                None => mistakes = Some(error),
            },
        }
    }
    match mistakes {
        Some(mistakes) => Err(mistakes),
        None => Ok(read),
    }
}

fn one<'a>(ident: &'a Ident, ty: &'a Type, attrs: &[Attribute]) -> Result<Field<'a>, Error> {
    let mut field = Field {
        ident,
        ty,
        name: ident.unraw().to_string(),
        about: doc_comment(attrs),
        default: None,
        is_sensitive: false,
    };
    for attribute in attrs.iter().filter(|attribute| attribute.path().is_ident("schema")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("sensitive") {
                field.is_sensitive = true;
            } else if meta.path.is_ident("name") {
                field.name = meta.value()?.parse::<LitStr>()?.value();
            } else if meta.path.is_ident("default") {
                field.default = Some(match meta.value() {
                    Ok(value) => default(&value.parse()?),
                    Err(_) => quote!(::core::default::Default::default()),
                });
            } else {
                return Err(
                    meta.error("there are `default`, `default = …`, `sensitive`, `name = \"…\"`")
                );
            }
            Ok(())
        })?;
    }
    if field.about.is_empty() {
        let message = "say what this argument is for in a doc comment: it is the reference page";
        return Err(Error::new_spanned(ident, message));
    }
    Ok(field)
}

/// A default as it is written; a text becomes whatever the field is.
fn default(written: &Expr) -> TokenStream {
    match written {
        Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)) => {
            quote!(::core::convert::Into::into(#written))
        }
        other => other.to_token_stream(),
    }
}

/// The lines of a doc comment, without the space that they begin with.
pub(crate) fn doc_comment(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let lines = lines.filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> =
        lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    lines.join("\n").trim().to_owned()
}
