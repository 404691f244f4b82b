//! What the derive writes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error};

use crate::fields::{self, Field};

/// The schema of a struct, and its `Debug`, which hides what is sensitive.
pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream, Error> {
    let fields = fields::of(input)?;
    if !input.generics.params.is_empty() {
        let message = "a schema is made of a struct without parameters";
        return Err(Error::new_spanned(&input.generics, message));
    }
    let (ident, name) = (&input.ident, input.ident.to_string());
    let about = fields::doc_comment(&input.attrs);
    let described = fields.iter().map(describe);
    let taken = fields.iter().map(take);
    let given: Vec<_> = fields.iter().map(|field| field.ident).collect();
    let written = fields.iter().map(write);
    let secrets = fields.iter().map(secret);
    let shown = fields.iter().map(show);
    Ok(quote! {
        #[automatically_derived]
        impl ::cooper_plugin::Schema for #ident {
            const ABOUT: &'static str = #about;

            fn fields() -> ::std::vec::Vec<::cooper_plugin::schema::Field> {
                ::std::vec![#(#described),*]
            }

            fn read(
                values: &mut ::cooper_plugin::schema::Reader<'_>,
            ) -> ::core::option::Option<Self> {
                #(#taken)*
                ::core::option::Option::Some(Self { #(#given: #given?),* })
            }

            fn write(&self) -> ::cooper_plugin::schema::Values {
                let mut values = ::cooper_plugin::schema::Values::new();
                #(#written)*
                values
            }

            fn secrets(&self, found: &mut ::std::vec::Vec<::std::string::String>) {
                #(#secrets)*
                let _ = found;
            }
        }

        #[automatically_derived]
        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#name)#(#shown)*.finish()
            }
        }
    })
}

fn describe(field: &Field<'_>) -> TokenStream {
    let Field { ident: _, ty, name, about, default, is_sensitive } = field;
    let default =
        default.as_ref().map(|default| quote!(.or({ let default: #ty = #default; default })));
    let sensitive = is_sensitive.then(|| quote!(.sensitive()));
    quote!(::cooper_plugin::schema::Field::new::<#ty>(#name, #about)#default #sensitive)
}

fn take(field: &Field<'_>) -> TokenStream {
    let Field { ident, ty, name, about: _, default, is_sensitive } = field;
    let default = match default {
        Some(default) => quote!(::core::option::Option::Some(#default)),
        None => quote!(<#ty as ::cooper_plugin::schema::Argument>::absent()),
    };
    let how = match is_sensitive {
        true => quote!(::cooper_plugin::schema::Showing::Hidden),
        false => quote!(::cooper_plugin::schema::Showing::Shown),
    };
    quote!(let #ident: ::core::option::Option<#ty> = values.take(#name, #how, || #default);)
}

fn write(field: &Field<'_>) -> TokenStream {
    let (ident, name) = (field.ident, &field.name);
    quote! {
        values.insert(
            ::std::string::String::from(#name),
            ::cooper_plugin::schema::Argument::write(&self.#ident),
        );
    }
}

fn secret(field: &Field<'_>) -> TokenStream {
    let ident = field.ident;
    match field.is_sensitive {
        true => quote!(::cooper_plugin::schema::hide(&self.#ident, found);),
        false => quote!(::cooper_plugin::schema::Argument::secrets(&self.#ident, found);),
    }
}

fn show(field: &Field<'_>) -> TokenStream {
    let (ident, name) = (field.ident, &field.name);
    match field.is_sensitive {
        true => quote!(.field(#name, &::core::format_args!("<sensitive>"))),
        false => quote!(.field(#name, &self.#ident)),
    }
}
