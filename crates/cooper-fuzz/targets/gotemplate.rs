//! `{{ }}` in strings: any text is filled in or refused, within bounds.

#![no_main]

use cooper_build::gotemplate::{Context, Data, Template};
use cooper_hcl::system::Nowhere;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            assert!(error.offset <= text.len() && text.is_char_boundary(error.offset), "{error:?}");
            return;
        }
    };
    template.fields();
    let cx = Context {
        build_name: "ubuntu",
        build_type: "docker",
        packer_version: "1.16.0",
        system: &Nowhere,
        complete: true,
        variables: None,
    };
    let list: Data = ["x", "y"].into_iter().map(Data::from).collect();
    let data = Data::map([
        ("Vars", Data::from("A='b'")),
        ("Path", Data::from("/tmp/script.sh")),
        ("Count", Data::from(3)),
        ("Flag", Data::from(true)),
        ("List", list),
        ("Map", Data::map([("k", "v")])),
    ]);
    if let Err(error) = template.render(&data, &cx) {
        assert!(error.offset <= text.len(), "{error:?}");
    }
});
