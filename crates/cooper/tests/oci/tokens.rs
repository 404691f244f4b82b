//! Registries that want a token, which another server gives.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::{fs, os::unix::fs::PermissionsExt};

use cooper_testbed::platform;

use crate::bench::{BASIC, Bench, program_name};
use crate::server::{Act, Answer, Request, Server, held};

/// A token opens so many requests.
type Left = Arc<Mutex<BTreeMap<String, usize>>>;

/// A registry and its server of tokens.
struct Guarded {
    registry: Server,
    giver: Server,
}

impl Guarded {
    /// A registry that asks for tokens in these words, in which `REALM` is where they are given; each
    /// opens so many requests.
    fn start(words: &'static str, uses: usize) -> Self {
        Self::with(words, uses, |request| request.who() == Some(BASIC))
    }

    fn with(
        words: &'static str,
        uses: usize,
        knows: impl Fn(&Request) -> bool + Send + Sync + 'static,
    ) -> Self {
        let left = Left::default();
        let given = left.clone();
        let count = AtomicUsize::new(0);
        let giver = Server::start(move |request| {
            if !knows(request) {
                let head = "401 Unauthorized";
                return Act::Say(Answer::complaint(head, "UNAUTHORIZED", "who is that?"));
            }
            let token = format!("t0ken{}", count.fetch_add(1, Ordering::Relaxed));
            held(&given).insert(token.clone(), uses);
            let body = format!(r#"{{"token":"{token}","expires_in":60}}"#);
            Act::Say(Answer::new("200 OK", body))
        });
        let words = words.replace("REALM", &format!("http://{}/give", giver.address));
        let registry = Server::start(move |request| {
            let token = request.who().and_then(|who| who.strip_prefix("Bearer "));
            let mut left = held(&left);
            match token.and_then(|token| left.get_mut(token)).filter(|uses| **uses > 0) {
                Some(uses) => {
                    *uses -= 1;
                    Act::Usual
                }
                None => {
                    let head = format!("401 Unauthorized\r\nWWW-Authenticate: {words}");
                    Act::Say(Answer::complaint(&head, "UNAUTHORIZED", "a token is required"))
                }
            }
        });
        Self { registry, giver }
    }

    fn bench(&self) -> Bench {
        Bench::new(&self.registry.address)
    }
}

const PLAIN: &str = "Bearer realm=\"REALM\",service=\"the registry\"";

#[test]
fn a_token_is_asked_for_what_is_done() {
    let guarded = Guarded::start(PLAIN, usize::MAX);
    let bench = guarded.bench();
    bench.push_one().ok();
    bench.install().ok();
    let asked: Vec<String> =
        guarded.giver.asked().into_iter().map(|request| request.path).collect();
    let scope = "/give?service=the+registry&scope=repository%3Ateam%2Fgreet%3A";
    assert_eq!(asked, [format!("{scope}pull%2Cpush"), format!("{scope}pull")]);
    // The password goes to the giver alone, and the token to the registry.
    let asked = guarded.registry.asked();
    assert!(asked.iter().all(|request| request.who() != Some(BASIC)), "{asked:?}");
    let without = asked.iter().filter(|request| request.who().is_none()).count();
    assert_eq!(without, 2, "each command is asked once who it is");
}

#[test]
fn challenges_in_odd_words_are_understood() {
    for words in [
        "bearer  Realm = \"REALM\" , SERVICE=the\\ registry",
        "Bearer service=\"a, b=\\\"c\\\"\",realm=REALM",
        "Basic realm=\"Bearer\", Bearer realm=\"REALM\"",
        "Negotiate a2V5==, Bearer error=\"invalid_token\",realm=\"REALM\"",
        "Digest realm=\"x\", nonce=\"y\"\r\nWWW-Authenticate: Bearer realm=\"REALM\"",
        "Bearer realm=\"REALM?account=us\",service=\"x\",scope=\"registry:catalog:*\"",
    ] {
        let guarded = Guarded::start(words, usize::MAX);
        guarded.bench().push_one().ok();
        let asked = guarded.giver.asked();
        assert_eq!(asked.len(), 1, "{words}");
        assert!(!asked[0].path.contains("catalog"), "{words}: {}", asked[0].path);
    }
}

#[test]
fn a_token_that_expires_is_followed_by_another() {
    let guarded = Guarded::start(PLAIN, 1);
    let bench = guarded.bench();
    bench.push_one().ok();
    assert!(bench.install().ok().contains("Installed plugin"));
    assert!(guarded.giver.asked().len() > 5);
}

#[test]
fn tokens_that_open_nothing_are_not_asked_for_for_ever() {
    let guarded = Guarded::start(PLAIN, 0);
    let said = guarded.bench().not_installed();
    assert!(said.contains("does not let us pull from `team/greet` (401 Unauthorized)"), "{said}");
    assert!(said.contains("a token is required"), "{said}");
    assert!(said.contains("we are `me` there"), "{said}");
    assert_eq!(guarded.giver.asked().len(), 1);
    let said = guarded.bench().push_one().failed();
    assert!(said.contains("does not let us push to `team/greet`"), "{said}");
    assert_eq!(guarded.giver.asked().len(), 2);
}

#[test]
fn a_wrong_password_is_one_sentence() {
    let guarded = Guarded::with(PLAIN, 9, |_| false);
    let said = guarded.bench().not_installed();
    let sentence = format!(
        "127.0.0.1:{0}: `127.0.0.1` gives us no token for `127.0.0.1:{0}` (401 Unauthorized)",
        guarded.registry.address.rsplit(':').next().expect("a port")
    );
    assert!(said.contains(&sentence) && said.contains("who is that?"), "{said}");
    assert!(said.contains("help: is the password right that `docker login 127.0.0.1:"), "{said}");
    assert_eq!(guarded.giver.asked().len(), 1);
}

#[test]
fn somebody_without_a_name_gets_a_token_for_what_is_public() {
    let guarded = Guarded::with(PLAIN, 99, |request| request.who().is_none());
    let bench = guarded.bench();
    fs::remove_file(bench.path().join("config.json")).expect("it is there");
    bench.push_one().ok();
    bench.install().ok();
    let guarded = Guarded::with(PLAIN, 99, |_| false);
    let bench = guarded.bench();
    fs::remove_file(bench.path().join("config.json")).expect("it is there");
    let said = bench.not_installed();
    assert!(said.contains("wants to know who we are"), "{said}");
    assert!(said.contains("help: `docker login 127.0.0.1:"), "{said}");
}

/// What identity providers give instead of a password is exchanged for a token.
#[test]
fn an_identity_token_of_a_credential_helper_is_exchanged() {
    let guarded = Guarded::with(PLAIN, 99, |request| {
        let form = String::from_utf8_lossy(&request.body);
        request.method == "POST"
            && request.who().is_none()
            && request.header("content-type") == Some("application/x-www-form-urlencoded")
            && form
                == "grant_type=refresh_token&refresh_token=r%2F%3D%26&client_id=cooper\
                    &scope=repository%3Ateam%2Fgreet%3Apull%2Cpush&service=the+registry"
    });
    let bench = guarded.bench();
    let config = r#"{"credsStore":"fake"}"#;
    fs::write(bench.path().join("config.json"), config).expect("it can be written");
    let helper = bench.path().join("docker-credential-fake");
    let script = "#!/bin/sh\nread -r server\necho '{\"ServerURL\":\"x\",\"Username\":\"<token>\",\"Secret\":\"r/=&\"}'\n";
    fs::write(&helper, script).expect("it can be written");
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = bench.command(&[
        "plugins",
        "push",
        &bench.source(),
        "1.0.0",
        &program_name("1.0.0", &platform()),
    ]);
    command.env("PATH", format!("{}:{path}", bench.path().display()));
    bench.run(command).ok();
}

#[test]
fn a_token_is_asked_of_nobody_without_encryption() {
    for realm in ["http://192.0.2.1/token", "ftp://127.0.0.1/token", "file:///etc/passwd", "/token"]
    {
        let server = Server::start(move |_| {
            let words = format!("WWW-Authenticate: Bearer realm=\"{realm}\"");
            Act::Say(Answer::bare(format!("401 Unauthorized\r\n{words}")))
        });
        let said = Bench::new(&server.address).not_installed();
        assert!(said.contains(&format!("`{realm}`, which is not asked")), "{said}");
    }
}

#[test]
fn a_giver_of_tokens_that_gives_none_is_told() {
    for (answer, wanted) in [
        (Answer::new("200 OK", "{}"), "gives no token"),
        (Answer::new("200 OK", "<html>"), "gives no token"),
        (Answer::new("200 OK", "{\"token\":\"a\\r\\nX-Evil: b\"}"), "gives no token"),
        (Answer::new("200 OK", vec![b' '; 2 << 20]), "a token is larger than 1 MiB"),
        (Answer::bare("404 Not Found"), "404 Not Found"),
        // It is asked for nobody else's sake.
        (Answer::bare("302 Found\r\nLocation: http://127.0.0.1:9/"), "302 Found"),
    ] {
        let giver = Server::start(move |_| Act::Say(answer.clone()));
        let realm = format!("http://{}/give", giver.address);
        let registry = Server::start(move |_| {
            let words = format!("WWW-Authenticate: Bearer realm=\"{realm}\"");
            Act::Say(Answer::bare(format!("401 Unauthorized\r\n{words}")))
        });
        let said = Bench::new(&registry.address).not_installed();
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[test]
fn ways_to_tell_who_we_are_that_nobody_knows_are_told() {
    for words in ["", "\r\nWWW-Authenticate: Negotiate", "\r\nWWW-Authenticate: Bearer realm=\"x"] {
        let server =
            Server::start(move |_| Act::Say(Answer::bare(format!("401 Unauthorized{words}"))));
        let said = Bench::new(&server.address).not_installed();
        assert!(said.contains("wants to know who we are in no way we know"), "{said}");
    }
}
