//! The clients beside small servers that note what they were asked.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;

/// A server that gives one answer to everybody.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    count: Arc<AtomicUsize>,
}

impl Server {
    fn answering(status: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (asked, count) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (log, counter, body) = (asked.clone(), count.clone(), body.into());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                counter.fetch_add(1, Ordering::SeqCst);
                let mut request = vec![0; 1 << 16];
                let length = stream.read(&mut request).unwrap_or(0);
                log.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
                // Whoever asked may have gone.
                let _ = stream.write_all(&[head.as_bytes(), &body].concat());
            }
        });
        Self { address, asked, count }
    }

    /// A server that takes connections and says nothing.
    fn silent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || listener.incoming().collect::<Vec<_>>());
        Self { address, asked: Arc::default(), count: Arc::default() }
    }

    fn asked(&self) -> String {
        self.asked.lock().unwrap().concat().to_ascii_lowercase()
    }
}

fn clients(variables: &[(&'static str, &str)]) -> SecretStoreClients {
    let variables: HashMap<&str, String> =
        variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    SecretStoreClients::new(move |name| variables.get(name).cloned())
}

fn vault(path: &str, key: &str) -> SecretRequest {
    SecretRequest::Vault { path: path.into(), key: key.into() }
}

fn consul(key: &str) -> SecretRequest {
    SecretRequest::Consul { key: key.into() }
}

#[track_caller]
fn told(clients: &SecretStoreClients, wanted: &SecretRequest) -> String {
    match clients.ask(wanted) {
        Ok(secret) => panic!("{wanted:?} gave {secret:?}"),
        Err(message) => message,
    }
}

#[test]
fn vault_has_secrets_of_both_versions() {
    for body in [r#"{"data":{"data":{"key":"hush"}}}"#, r#"{"data":{"key":"hush","other":1}}"#] {
        let server = Server::answering("200 OK", body);
        let url = format!("http://{}", server.address);
        let clients =
            clients(&[("VAULT_ADDR", &url), ("VAULT_TOKEN", "t0ken"), ("VAULT_NAMESPACE", "team")]);
        let secret = clients.ask(&vault("secret/data/a b", "key"));
        assert_eq!(secret, Ok(Some("hush".into())));
        let asked = server.asked();
        assert!(asked.starts_with("get /v1/secret/data/a%20b http/1.1"), "{asked}");
        assert!(asked.contains("x-vault-token: t0ken"), "{asked}");
        assert!(asked.contains("x-vault-namespace: team"), "{asked}");
    }
}

#[test]
fn each_secret_is_asked_for_once() {
    let server = Server::answering("200 OK", r#"{"data":{"a":"1"}}"#);
    let url = format!("http://{}", server.address);
    let clients = clients(&[("VAULT_ADDR", &url), ("VAULT_TOKEN", "t")]);
    for _ in 0..3 {
        assert_eq!(clients.ask(&vault("p", "a")), Ok(Some("1".into())));
        assert!(clients.ask(&vault("p", "b")).is_err());
    }
    assert_eq!(server.count.load(Ordering::SeqCst), 2);
}

#[test]
fn what_goes_wrong_with_vault_is_told() {
    assert_eq!(told(&clients(&[]), &vault("p", "k")), "`VAULT_TOKEN` is not set");
    for (status, body, message) in [
        ("404 Not Found", r#"{"errors":[]}"#, "Vault has no secret at `p`"),
        (
            "403 Forbidden",
            r#"{"errors":["permission denied\n"]}"#,
            "Vault refuses (403): permission denied; check `VAULT_TOKEN`",
        ),
        ("503 Unavailable", "sealed", "Vault refuses (503)"),
        ("200 OK", "<html>", "the answer of Vault is not JSON"),
        ("200 OK", r#"{"data":{}}"#, "the secret at `p` has no key `k`"),
        ("200 OK", r#"{"data":null}"#, "the secret at `p` has no key `k`"),
        ("200 OK", r#"{"data":{"k":1}}"#, "the key `k` of the secret at `p` is not a string"),
        ("307 Temporary Redirect", "", "Vault sends us to another server; use that one's address"),
    ] {
        let server = Server::answering(status, body);
        let url = format!("http://{}", server.address);
        let clients = clients(&[("VAULT_ADDR", &url), ("VAULT_TOKEN", "t0ken")]);
        assert_eq!(told(&clients, &vault("p", "k")), message);
    }
    let clients = clients(&[("VAULT_ADDR", "vault:8200"), ("VAULT_TOKEN", "t0ken")]);
    assert!(told(&clients, &vault("p", "k")).contains("`VAULT_ADDR` is not an address"));
}

#[test]
fn servers_that_are_slow_endless_or_gone_are_given_up() {
    let silent = Server::silent();
    let url = format!("http://{}", silent.address);
    let mut slow = clients(&[("VAULT_ADDR", &url), ("VAULT_TOKEN", "t")]);
    slow.limits.total = Duration::from_millis(200);
    assert_eq!(told(&slow, &vault("p", "k")), "no answer came within 0.2 seconds");

    let endless = Server::answering("200 OK", vec![b' '; 2 << 20]);
    let url = format!("http://{}", endless.address);
    let large = clients(&[("VAULT_ADDR", &url), ("VAULT_TOKEN", "t")]);
    assert!(told(&large, &vault("p", "k")).contains("larger than a secret"));

    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let absent = clients(&[("CONSUL_HTTP_ADDR", &gone)]);
    let message = told(&absent, &consul("k"));
    assert!(message.starts_with("cannot reach Consul: "), "{message}");
    assert!(!message.contains(&gone), "{message}");

    let plain = Server::answering("200 OK", "x");
    let url = format!("https://{}", plain.address);
    let tls = clients(&[("VAULT_ADDR", &url), ("VAULT_TOKEN", "t"), ("VAULT_SKIP_VERIFY", "1")]);
    assert!(told(&tls, &vault("p", "k")).starts_with("cannot reach Vault: "));
    let file = clients(&[("VAULT_ADDR", &url), ("VAULT_TOKEN", "t"), ("VAULT_CACERT", "/absent")]);
    assert!(told(&file, &vault("p", "k")).contains("`VAULT_CACERT` names `/absent`"));
}

#[test]
fn consul_has_values() {
    let server = Server::answering("200 OK", "hush");
    let clients = clients(&[
        ("CONSUL_HTTP_ADDR", &server.address),
        ("CONSUL_HTTP_TOKEN", "t0ken"),
        ("CONSUL_HTTP_AUTH", "user:pass"),
    ]);
    assert_eq!(clients.ask(&consul("/app/db password")), Ok(Some("hush".into())));
    let asked = server.asked();
    assert!(asked.starts_with("get /v1/kv/app/db%20password?raw"), "{asked}");
    assert!(asked.contains("x-consul-token: t0ken"), "{asked}");
    assert!(asked.contains("authorization: basic "), "{asked}");
}

#[test]
fn what_goes_wrong_with_consul_is_told() {
    for (status, body, message) in [
        ("404 Not Found", &b""[..], "Consul has no key `k`"),
        ("403 Forbidden", b"", "Consul refuses (403); check `CONSUL_HTTP_TOKEN`"),
        ("500 Oops", b"", "Consul cannot answer (500)"),
        ("200 OK", b"", "the value of the key `k` is empty"),
        ("200 OK", b"\xff", "the value of the key `k` is not UTF-8 text"),
    ] {
        let server = Server::answering(status, body);
        let clients = clients(&[("CONSUL_HTTP_ADDR", &server.address)]);
        assert_eq!(told(&clients, &consul("k")), message);
    }
}

/// AWS's own crates read the environment of the process, so these run in one of their own.
#[test]
fn aws_has_secrets() {
    let Ok(server) = std::env::var("COOPER_TEST_AWS_SERVER") else {
        let json = r#"{"Name":"n","SecretString":"{\"user\":\"ann\",\"port\":5432,\"half\":1.5,\"on\":true}"}"#;
        let refused = r#"{"__type":"com.amazonaws#ResourceNotFoundException","message":"no"}"#;
        for (status, body) in [
            ("200 OK", json),
            ("200 OK", r#"{"Name":"n","SecretString":"plain"}"#),
            ("200 OK", r#"{"Name":"n","SecretBinary":"AA=="}"#),
            ("200 OK", "<html>"),
            ("400 Bad Request", refused),
            ("400 Bad Request", r#"{"__type":"AccessDeniedException","Message":"not you"}"#),
        ] {
            let server = Server::answering(status, body);
            let output = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["secret_store::tests::aws_has_secrets", "--exact", "--nocapture"])
                .env_clear()
                .env("COOPER_TEST_AWS_SERVER", format!("{status} {body}"))
                .env("AWS_ENDPOINT_URL", format!("http://{}/", server.address))
                .envs([("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")])
                .envs([("AWS_SECRET_ACCESS_KEY", "wJalr"), ("AWS_SESSION_TOKEN", "session")])
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            let asked = server.asked();
            assert!(asked.contains("x-amz-target: secretsmanager.getsecretvalue"), "{asked}");
            assert!(asked.contains("credential=akidexample/"), "{asked}");
            assert!(asked.contains("/eu-west-1/secretsmanager/aws4_request"), "{asked}");
            assert!(asked.contains("x-amz-security-token: session"), "{asked}");
        }
        return;
    };
    let clients = clients(&[]);
    let ask = |key: Option<&str>| {
        let wanted = SecretRequest::Aws { name: "n".into(), key: key.map(str::to_owned) };
        clients.ask(&wanted).map(Option::unwrap_or_default)
    };
    let (status, body) = server.split_at(3);
    match (status, body) {
        ("200", body) if body.contains("ann") => {
            assert_eq!(ask(Some("user")), Ok("ann".into()));
            assert_eq!(ask(Some("port")), Ok("5432".into()));
            assert_eq!(ask(Some("half")), Ok("2".into()));
            assert!(ask(Some("on")).unwrap_err().contains("neither text nor a number"));
            assert!(ask(Some("absent")).unwrap_err().contains("has no key `absent`"));
            assert!(ask(None).unwrap_err().contains("several keys"));
            let raw = clients.ask(&SecretRequest::AwsRaw { name: "n".into() });
            assert!(raw.unwrap().unwrap_or_default().starts_with("{\"user\""));
        }
        ("200", body) if body.contains("plain") => assert_eq!(ask(None), Ok("plain".into())),
        ("200", body) if body.contains("Binary") => {
            assert!(ask(None).unwrap_err().contains("is not text"));
        }
        ("200", _) => assert!(ask(None).unwrap_err().contains("(200) is not JSON")),
        (_, body) if body.contains("NotFound") => {
            let message = "AWS Secrets Manager has no secret `n` in `eu-west-1`";
            assert_eq!(ask(None), Err(message.into()));
        }
        _ => {
            let message = "AWS Secrets Manager refuses (400): AccessDeniedException: not you";
            assert_eq!(ask(None), Err(message.into()));
        }
    }
}
