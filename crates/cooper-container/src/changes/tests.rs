use super::*;

/// Recorded from `docker commit --change` of 20.10.
#[test]
fn docker_takes_these() {
    for text in [
        "CMD [\"a\"]",
        "CMD a b",
        "CMD [a]",
        "CMD",
        "CMD []",
        "cmd [\"x\"]",
        " CMD x",
        "ENTRYPOINT []",
        "ENTRYPOINT [\"\"]",
        "ENTRYPOINT",
        "entrypoint /x",
        "ENV A=B",
        "ENV A B C",
        "ENV A=B C=D",
        "ENV A='x y' B=\"z w\" C=a\\ b",
        "ENV PATH=/x:$PATH",
        "ENV A=${B:-x}",
        "ENV A=$",
        "EXPOSE 80 443",
        "EXPOSE 80/tcp 1-3/udp",
        "EXPOSE 1:2",
        "EXPOSE $X",
        "LABEL x='y z'",
        "LABEL a b",
        "LABEL \"a b\"=c",
        "ONBUILD RUN x",
        "ONBUILD ZORK x",
        "ONBUILD run x",
        "ONBUILD EXPOSE x",
        "ONBUILD CMD",
        "ONBUILD COPY --from=a x y",
        "USER u",
        "USER a b",
        "VOLUME /a /b",
        "VOLUME [\"/a\"]",
        "WORKDIR /x",
        "WORKDIR x",
        "WORKDIR a b",
        "HEALTHCHECK NONE",
        "HEALTHCHECK CMD x",
        "HEALTHCHECK --interval=5s CMD x",
        "",
        "# comment",
        "CMD a \\\n b",
        "CMD a\nCMD b",
        "CMD a\n\nENV X=Y",
        "ENV A=B \\\n  C=D",
        "CMD [\"a\" \"b\"]",
        "CMD [\"a\",]",
        "CMD {\"a\":1}",
        "CMD [\"a\\q\"]",
        "CMD\ta",
        "WORKDIR $HOME/x",
        "USER $X",
        "EXPOSE 80/TCP",
        "EXPOSE 127.0.0.1:80:80",
        "ENV A =B",
        "ENV 'A'=B",
        "ENV A==B",
        "ENV \"A B\"=c",
        "VOLUME rel",
        "VOLUME /",
        "VOLUME /a:/b",
        "ONBUILD RUN pip install -r x",
        "ENV A=it\\'s",
        "CMD a \\\n# comment\n b",
    ] {
        if let Err(error) = Change::parse(text) {
            panic!("{text:?}: {error:?}");
        }
    }
}

/// Recorded likewise; the last two are Cooper's own.
#[test]
fn docker_refuses_these() {
    for (text, offset, message) in [
        ("CMD [\"a\", 1]", 4, "every item of the list must be a string"),
        ("ENV A", 4, "`ENV` needs a name and a value"),
        ("ENV A=B C", 8, "there is no `=` in `C`"),
        ("ENV =x", 4, "there is no name before `=`"),
        ("ENV A=\"x", 6, "there is no second `\"`"),
        ("ENV", 0, "`ENV` needs an argument"),
        ("ENV A=${B", 6, "there is no `}` after `${`"),
        ("ENV A=${}", 6, "there is no name after `${`"),
        ("EXPOSE 80 x", 10, "`x` is not a port"),
        ("EXPOSE 80/icmp", 7, "`icmp` is not a protocol"),
        ("EXPOSE", 0, "`EXPOSE` needs an argument"),
        ("EXPOSE 70000", 7, "`70000` is not a port"),
        ("EXPOSE 80,90", 7, "`80,90` is not a port"),
        ("EXPOSE 3-1", 7, "the range of ports `3-1` ends before it begins"),
        ("LABEL a", 6, "`LABEL` needs a name and a value"),
        ("LABEL a=b c", 10, "there is no `=` in `c`"),
        ("LABEL", 0, "`LABEL` needs an argument"),
        ("ONBUILD", 0, "`ONBUILD` needs an argument"),
        ("ONBUILD ONBUILD RUN x", 8, "`ONBUILD` cannot be followed by `ONBUILD`"),
        ("ONBUILD from x", 8, "`ONBUILD` cannot be followed by `FROM`"),
        ("ONBUILD ENV A", 12, "`ENV` needs a name and a value"),
        ("USER", 0, "`USER` needs an argument"),
        ("VOLUME", 0, "`VOLUME` needs an argument"),
        ("VOLUME [\"\"]", 7, "a volume's path is empty"),
        ("VOLUME [\"/a\", 1]", 7, "every item of the list must be a string"),
        ("WORKDIR", 0, "`WORKDIR` needs an argument"),
        ("STOPSIGNAL SIGTERM", 0, "`STOPSIGNAL` cannot be used in `changes`"),
        ("HEALTHCHECK NONE x", 17, "`HEALTHCHECK NONE` takes no arguments"),
        ("HEALTHCHECK --interval=5 CMD x", 12, "`5` is not a duration"),
        ("HEALTHCHECK --foo=5 CMD x", 12, "`HEALTHCHECK` has no option `--foo`"),
        ("HEALTHCHECK --interval=5s", 0, "`HEALTHCHECK` needs an argument"),
        ("HEALTHCHECK ZORK", 12, "`ZORK` is neither `CMD` nor `NONE`"),
        ("HEALTHCHECK CMD []", 12, "there is no command after `HEALTHCHECK CMD`"),
        ("HEALTHCHECK --retries=0 CMD x", 12, "`--retries` is at least 1"),
        ("HEALTHCHECK --interval=1us CMD x", 12, "`--interval` is at least a millisecond"),
        ("HEALTHCHECK --interval CMD x", 12, "`--interval` needs a value"),
        ("RUN x", 0, "`RUN` cannot be used in `changes`"),
        ("ENV A=B\n ZORK a", 9, "there is no instruction `ZORK`"),
        ("CMD --x a", 4, "`CMD` has no option `--x`"),
        ("ENV A=B #c", 8, "there is no `=` in `#c`"),
        ("LABEL \"a\"", 6, "`LABEL` needs a name and a value"),
        ("ENV A=B \\", 8, "the item ends with a `\\`, which continues it"),
        ("ENTRYPIONT x", 0, "there is no instruction `ENTRYPIONT`"),
    ] {
        match Change::parse(text) {
            Ok(change) => panic!("{text:?} passes: {change:?}"),
            Err(error) => {
                assert_eq!((error.offset, error.message.as_str()), (offset, message), "{text:?}")
            }
        }
    }
    let help = Change::parse("ENTRYPIONT x").unwrap_err().help;
    assert_eq!(help.as_deref(), Some("did you mean `ENTRYPOINT`?"));
}

fn commit(
    source: (&[&str], &[&str]),
    ran: (&str, &[&str]),
    changes: &[&str],
) -> (Vec<String>, bool) {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let some = |list: &[&str]| (!list.is_empty()).then(|| words(list));
    let source =
        ImageInfo { entrypoint: some(source.0), cmd: some(source.1), ..ImageInfo::default() };
    let container = ContainerSpec {
        entrypoint: match ran.0 {
            "" => Entrypoint::Image,
            program => Entrypoint::Program(words(&[program])),
        },
        command: words(ran.1),
        ..ContainerSpec::default()
    };
    let changes: Vec<Change> =
        changes.iter().map(|text| Change::parse(text).expect("a good change")).collect();
    let result = for_commit(&source, &container, &changes);
    (result.changes, result.without_entrypoint)
}

#[test]
fn what_the_container_ran_does_not_stay_in_the_image() {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
    let sh = ("/bin/sh", &[][..]);
    // Nothing in the source, nothing in the image.
    assert_eq!(commit((&[], &[]), sh, &[]), (list(&[]), true));
    assert_eq!(commit((&[], &[]), sh, &["ENTRYPOINT []", "CMD []"]), (list(&["CMD []"]), true));
    assert_eq!(commit((&[], &[]), ("", &[]), &[]), (list(&[]), false));
    // The source's own are kept.
    assert_eq!(
        commit((&["e"], &["c"]), sh, &["ENV A=B"]),
        (list(&["CMD [\"c\"]", "ENTRYPOINT [\"e\"]", "ENV A=B"]), false)
    );
    assert_eq!(commit((&[], &["c"]), sh, &[]), (list(&["CMD [\"c\"]"]), true));
    // As Packer does, the source's arguments stay when only the program is set.
    assert_eq!(
        commit((&[], &["c"]), sh, &["entrypoint x"]),
        (list(&["CMD [\"c\"]", "entrypoint x"]), false)
    );
    assert_eq!(
        commit((&[], &[]), sh, &["ENTRYPOINT [\"x\"]"]),
        (list(&["ENTRYPOINT [\"x\"]"]), false)
    );
    assert_eq!(commit((&["e"], &["c"]), sh, &["ENTRYPOINT []"]), (list(&["CMD [\"c\"]"]), true));
    // A command of the container's.
    assert_eq!(
        commit((&["e"], &[]), ("", &["/bin/sh"]), &[]),
        (list(&["CMD []", "ENTRYPOINT [\"e\"]"]), false)
    );
    assert_eq!(
        commit((&[], &[]), ("/bin/sh", &["-i"]), &[]),
        (list(&["CMD []", "ENTRYPOINT [\"\"]"]), false)
    );
}
