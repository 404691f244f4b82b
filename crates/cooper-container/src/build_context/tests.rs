use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

use futures::StreamExt;

use super::*;

#[test]
fn ignore_rules() {
    for (rules, ignored, kept) in [
        ("*.md", &["a.md", "b.md/x"][..], &["x/a.md", "a.mdx"][..]),
        ("**/*.md", &["a.md", "x/a.md", "x/y/a.md"], &["a.m"]),
        ("a", &["a", "a/b", "a/b/c"], &["ab", "b/a"]),
        ("/a/", &["a", "a/b"], &["b/a"]),
        ("./a/../b", &["b"], &["a"]),
        ("*/temp*", &["x/temp", "x/tempy/z"], &["temp", "x/y/temp"]),
        ("temp?", &["tempa"], &["temp", "temp/a"]),
        ("a/**", &["a/b", "a/b/c"], &["a", "b"]),
        ("**", &["a", "a/b"], &[]),
        ("a/**/b", &["a/b", "a/x/b", "a/x/y/b"], &["a/xb"]),
        ("[a-c]x", &["ax", "cx"], &["dx"]),
        ("[^a-c]x", &["dx"], &["ax"]),
        ("\\*", &["*"], &["a"]),
        ("# a\n\n!b\na", &["a"], &["# a", "b"]),
        ("*.md\n!README*.md\nREADME-secret.md", &["x.md", "README-secret.md"], &["README.md"]),
        ("a\n!a/b", &["a", "a/c"], &["a/b", "a/b/c"]),
        ("", &[], &["a"]),
    ] {
        let all = Ignored::parse(rules).unwrap();
        for path in ignored {
            assert!(all.contains(path), "{rules:?} must leave {path} behind");
        }
        for path in kept {
            assert!(!all.contains(path), "{rules:?} must keep {path}");
        }
    }
    for rules in ["[", "a[", "[a-", "\\", "!", "[a-]"] {
        assert!(Ignored::parse(rules).is_err(), "{rules}");
    }
    // A pattern that a backtracking matcher would never finish.
    let hostile = Ignored::parse(&"**/*a".repeat(200)).unwrap();
    assert!(!hostile.contains(&"b/".repeat(1000)));
}

async fn files(build: &ImageBuild) -> std::result::Result<BTreeMap<String, String>, String> {
    let context = stream(build).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let mut archive = context.archive;
    while let Some(chunk) = archive.next().await {
        bytes.extend(chunk.map_err(|error| error.to_string())?);
    }
    let reader: Box<dyn Read> = if build.compress {
        Box::new(flate2::read::GzDecoder::new(bytes.as_slice()))
    } else {
        Box::new(bytes.as_slice())
    };
    let mut files = BTreeMap::from([("dockerfile".to_owned(), context.dockerfile)]);
    for entry in tar::Archive::new(reader).entries().unwrap() {
        let mut entry = entry.unwrap();
        assert_eq!(entry.header().uid().unwrap(), 0);
        let path = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        if let Some(target) = entry.link_name().unwrap() {
            text = format!("-> {}", target.display());
        }
        entry.read_to_string(&mut text).unwrap();
        files.insert(path, text);
    }
    Ok(files)
}

fn folder() -> (tempfile::TempDir, ImageBuild) {
    let folder = tempfile::tempdir().unwrap();
    let context = folder.path().join("context");
    std::fs::create_dir_all(context.join("deep/er")).unwrap();
    std::fs::write(context.join("Dockerfile"), "FROM scratch\n").unwrap();
    std::fs::write(context.join("deep/er/file"), "x".repeat(300_000)).unwrap();
    std::fs::write(context.join("secret"), "s").unwrap();
    symlink("nowhere", context.join("link")).unwrap();
    let build =
        ImageBuild { dockerfile: context.join("Dockerfile"), context, ..ImageBuild::default() };
    (folder, build)
}

/// What is in the folder goes into images, and is not what is built then.
#[tokio::test]
async fn another_text_is_built_and_the_file_stays() {
    let (_folder, mut build) = folder();
    build.text = Some("FROM other\n".to_owned());
    let context = stream(&build).unwrap();
    assert!(context.dockerfile.starts_with(".dockerfile."), "{}", context.dockerfile);
    let mut archive = Vec::new();
    let mut parts = context.archive;
    while let Some(part) = futures::StreamExt::next(&mut parts).await {
        archive.extend_from_slice(&part.unwrap());
    }
    let mut texts = std::collections::BTreeMap::new();
    for entry in tar::Archive::new(archive.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        let path = entry.path().unwrap().display().to_string();
        std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
        texts.insert(path, text);
    }
    assert_eq!(texts["Dockerfile"], "FROM scratch\n");
    assert_eq!(texts[&context.dockerfile], "FROM other\n");
    assert!(texts[".dockerignore"].contains(&context.dockerfile));
}

#[tokio::test]
async fn everything_but_what_is_ignored() {
    let (_folder, mut build) = folder();
    std::fs::write(build.context.join(".dockerignore"), "secret\nDockerfile\n.docker*\n").unwrap();
    for compress in [false, true] {
        build.compress = compress;
        let files = files(&build).await.unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                ".dockerignore",
                "Dockerfile",
                "deep",
                "deep/er",
                "deep/er/file",
                "dockerfile",
                "link"
            ]
        );
        assert_eq!(files["dockerfile"], "Dockerfile");
        assert_eq!(files["link"], "-> nowhere");
        assert_eq!(files["deep/er/file"].len(), 300_000);
    }
}

#[tokio::test]
async fn a_dockerfile_from_elsewhere() {
    let (folder, mut build) = folder();
    build.dockerfile = folder.path().join("Other");
    std::fs::write(&build.dockerfile, "FROM other\n").unwrap();
    let files = files(&build).await.unwrap();
    let name = &files["dockerfile"];
    assert!(name.starts_with(".dockerfile."));
    assert_eq!(files[name], "FROM other\n");
    assert_eq!(files[".dockerignore"], format!(".dockerignore\n{name}\n"));
    assert_eq!(files["Dockerfile"], "FROM scratch\n");
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let (folder, mut build) = folder();
    build.context = folder.path().join("missing");
    let error = files(&build).await.unwrap_err();
    assert!(error.starts_with("find the build folder `"), "{error}");
    build.context = build.dockerfile.clone();
    let error = files(&build).await.unwrap_err();
    assert!(error.ends_with("is not a folder"), "{error}");
}
