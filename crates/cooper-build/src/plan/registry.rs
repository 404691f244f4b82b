//! What Packer checks in `hcp_packer_registry` blocks.

use cooper_hcl::ast::{Attribute, Body};
use cooper_hcl::schema::locate;
use cooper_hcl::value::convert::ValueStep;
use cooper_hcl::{Code, Diagnostic, Diagnostics, Reported, Span, Type};

use super::meta::Meta;

/// As many bytes may describe a bucket.
const LONGEST_DESCRIPTION: usize = 255;

/// Records every mistake in the arguments of a block.
pub(super) fn check(body: &Body, meta: Meta<'_>) {
    // Each is recorded; the others are checked all the same.
    let _ = text(body, "bucket_name", meta, |name| {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let fits = (3..=36).contains(&name.len()) && name.bytes().all(sound);
        (!fits && !name.is_empty()).then(|| {
            format!("`{name}` is no name of a bucket: 3 to 36 letters of ASCII, digits and `-`")
        })
    });
    let _ = text(body, "description", meta, |description| {
        let length = description.len();
        (length > LONGEST_DESCRIPTION).then(|| {
            format!(
                "`description` has {length} bytes, and at most {LONGEST_DESCRIPTION} are allowed"
            )
        })
    });
    let [labels, bucket_labels] = ["labels", "bucket_labels"].map(|name| pairs(body, name, meta));
    if let (Ok(Some(labels)), Ok(Some(bucket_labels))) = (labels, bucket_labels) {
        let message = "`labels` and `bucket_labels` cannot be used together";
        let error = Diagnostic::error(Code::ConflictingArguments, message);
        let error = error.at(labels, "").label(bucket_labels, "`bucket_labels` is given here");
        meta.env.diags.error(error.help("move all of them to `bucket_labels`"));
    }
    let _ = pairs(body, "build_labels", meta);
    if let Some(channels) = body.attribute("channels") {
        let _ = meta.strings(channels);
    }
}

/// Records that a place has more than one block.
pub(super) fn check_count(headers: impl IntoIterator<Item = Span>, diags: &Diagnostics) {
    let mut headers = headers.into_iter();
    if let (Some(first), Some(second)) = (headers.next(), headers.next()) {
        let message = "there is at most one `hcp_packer_registry` here";
        let error = Diagnostic::error(Code::Duplicate, message).at(second, "a second one");
        diags.error(error.label(first, "the first one").help("remove one of them"));
    }
}

/// A text, and what is wrong with it.
fn text(
    body: &Body,
    name: &str,
    meta: Meta<'_>,
    wrong: impl FnOnce(&str) -> Option<String>,
) -> Result<(), Reported> {
    let Some(attribute) = body.attribute(name) else { return Ok(()) };
    let Some(text) = meta.string(attribute)? else { return Ok(()) };
    match wrong(&text) {
        Some(message) => {
            let error = Diagnostic::error(Code::InvalidValue, message);
            Err(meta.env.diags.error(error.at(attribute.expr.span, "")))
        }
        None => Ok(()),
    }
}

/// Where a map of texts stands, when there is something in it.
fn pairs(body: &Body, name: &str, meta: Meta<'_>) -> Result<Option<Span>, Reported> {
    let Some(attribute) = body.attribute(name) else { return Ok(None) };
    let Some(value) = meta.value(attribute, &Type::map(Type::String))? else { return Ok(None) };
    let Some(entries) = value.as_mapping().filter(|entries| !entries.is_empty()) else {
        return Ok(None);
    };
    match entries.iter().find(|(_, value)| value.is_null()) {
        Some((key, _)) => Err(null(attribute, key, meta)),
        None => Ok(Some(attribute.name.span)),
    }
}

fn null(attribute: &Attribute, key: &std::sync::Arc<str>, meta: Meta<'_>) -> Reported {
    let message = format!("`{key}` in `{}` must not be null", attribute.name.text);
    let place = locate(&attribute.expr, &[ValueStep::Key(key.clone())]);
    meta.env.diags.error(Diagnostic::error(Code::InvalidValue, message).at(place, ""))
}
