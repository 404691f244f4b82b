//! The data source against a server of the test's own.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server that answers each request, by its first line, with bytes, and keeps what it was asked.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// After the bytes that `answer` gives, the connection ends, or stays silent when `hangs`.
    async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (asked.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, answer) = (kept.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    let mut part = [0; 4096];
                    while !is_whole(&request) {
                        match stream.read(&mut part).await {
                            Ok(0) | Err(_) => break,
                            Ok(count) => request.extend_from_slice(&part[..count]),
                        }
                    }
                    let request = String::from_utf8(request).unwrap();
                    let first = request.lines().next().unwrap_or_default().to_owned();
                    kept.lock().unwrap().push(request);
                    let _ = stream.write_all(&answer(&first)).await;
                    if first.contains("/hangs") {
                        tokio::time::sleep(Duration::from_secs(60)).await;
                    }
                });
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| length.parse().is_ok_and(|length: usize| body.len() >= length))
}

fn page(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn request(url: &str) -> Http {
    Http {
        address: Value::string(url),
        url: Url::parse(url).unwrap(),
        method: Method::GET,
        headers: HeaderMap::new(),
        body: None,
        limits: Limits {
            connect: Duration::from_secs(5),
            idle: Duration::from_millis(300),
            total: Duration::from_secs(20),
            body: 1000,
        },
        system: Arc::new(cooper_hcl::system::Nowhere),
    }
}

fn with_token(url: &str) -> Http {
    let (name, value) = header("X-Token", "t0ken").unwrap();
    Http { headers: HeaderMap::from_iter([(name, value)]), ..request(url) }
}

#[tokio::test]
async fn a_page_has_its_text_and_its_headers() {
    let server =
        Server::start(|_| page("200 OK\r\nX-a: 1\r\nx-A: 2\r\nx-low: v", "hi ö\n".as_bytes()))
            .await;
    let found = with_token(&server.address).read().await.unwrap();
    let found = found.as_mapping().unwrap();
    assert_eq!(found["url"].as_str(), Some(&*server.address));
    assert_eq!(found["body"].as_str(), Some("hi ö\n"));
    let headers = found["response_headers"].as_mapping().unwrap();
    assert_eq!(headers["X-A"].as_str(), Some("1, 2"));
    assert_eq!(headers["X-Low"].as_str(), Some("v"));
    assert_eq!(found["request_headers"], found["response_headers"]);
    assert!(server.asked()[0].contains("x-token: t0ken\r\n"), "{:?}", server.asked());
}

#[tokio::test]
async fn only_success_is_an_answer() {
    let server = Server::start(|line| {
        let code = line.split(['/', ' ']).nth(2).unwrap_or_default();
        page(&format!("{code} Whatever"), if code == "204" { b"" } else { b"x" })
    })
    .await;
    for (code, works) in
        [(200, true), (204, true), (299, true), (304, false), (404, false), (500, false)]
    {
        let found = request(&format!("{}/{code}", server.address)).read().await;
        match found {
            Ok(_) => assert!(works, "{code}"),
            Err(failure) => {
                assert!(!works, "{code}: {failure}");
                let expected = format!("HTTP request error. Response code: {code}");
                assert_eq!(failure.to_string(), expected);
            }
        }
    }
}

#[tokio::test]
async fn redirects_are_followed_so_far() {
    let server = Server::start(|line| match line {
        "GET /once HTTP/1.1" => page("302 Found\r\nlocation: /page", b""),
        "GET /round HTTP/1.1" => page("301 Moved\r\nlocation: /round", b""),
        "GET /away HTTP/1.1" => page("302 Found\r\nlocation: file:///etc/passwd", b""),
        "GET /nowhere HTTP/1.1" => page("302 Found", b""),
        _ => page("200 OK", b"there"),
    })
    .await;
    let read = async |path: &str| with_token(&format!("{}{path}", server.address)).read().await;
    let found = read("/once").await.unwrap();
    assert_eq!(found.as_mapping().unwrap()["body"].as_str(), Some("there"));
    assert!(server.asked()[1].contains("x-token"), "the same host may know it");
    let failed = async |path| read(path).await.unwrap_err().to_string();
    assert_eq!(failed("/round").await, "there are more than 10 redirects");
    assert_eq!(failed("/away").await, "the server redirects to something that is no web address");
    assert_eq!(failed("/nowhere").await, "HTTP request error. Response code: 302");
}

#[tokio::test]
async fn another_host_gets_neither_headers_nor_body() {
    let other = Server::start(|_| page("200 OK", b"other")).await;
    let address = other.address.clone();
    let server = Server::start(move |line| {
        let code = if line.contains("/keep") { "307 Same" } else { "302 Found" };
        page(&format!("{code}\r\nlocation: {address}/"), b"")
    })
    .await;
    let post = |path: &str| Http {
        method: Method::POST,
        body: Some("s3cret".into()),
        ..with_token(&format!("{}{path}", server.address))
    };
    let found = post("/get").read().await.unwrap();
    assert_eq!(found.as_mapping().unwrap()["body"].as_str(), Some("other"));
    let failure = post("/keep").read().await.unwrap_err();
    assert_eq!(failure.to_string(), "the server wants the body sent to `127.0.0.1` instead");
    let asked = other.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("GET / "), "{asked:?}");
    assert!(!asked[0].contains("t0ken") && !asked[0].contains("s3cret"), "{asked:?}");
}

#[tokio::test]
async fn what_is_sent_is_what_was_asked_for() {
    let server = Server::start(|_| page("200 OK", b"")).await;
    for (method, body) in [(Method::POST, Some("a=ö")), (Method::PUT, None), (Method::HEAD, None)]
    {
        let request = Http { method, body: body.map(str::to_owned), ..request(&server.address) };
        request.read().await.unwrap();
    }
    let asked = server.asked();
    assert!(asked[0].starts_with("POST / ") && asked[0].ends_with("\r\n\r\na=ö"), "{asked:?}");
    assert!(asked[1].starts_with("PUT / ") && asked[2].starts_with("HEAD / "), "{asked:?}");
}

#[tokio::test]
async fn hostile_servers_are_borne() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1 << 20)).into_bytes();
    let endless = [&b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"[..], &[b'z'; 5000]].concat();
    let server = Server::start(move |line| match line {
        "GET /huge HTTP/1.1" => b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec(),
        "GET /endless HTTP/1.1" => endless.clone(),
        "GET /garbage HTTP/1.1" => b"\x00\x01 no http \xff\r\n\r\n".to_vec(),
        "GET /long HTTP/1.1" => long.clone(),
        "GET /short HTTP/1.1" => b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nten".to_vec(),
        "GET /nothing HTTP/1.1" | "GET /hangs HTTP/1.1" => Vec::new(),
        "GET /hangs/later HTTP/1.1" => b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nten".to_vec(),
        _ => page("200 OK", &[b'a', 0xff, 0xfe]),
    })
    .await;
    for (path, expected) in [
        ("/huge", "the page is larger than 0 MiB"),
        ("/endless", "the page is larger than 0 MiB"),
        ("/garbage", "cannot talk to `127.0.0.1`: "),
        ("/long", "cannot talk to `127.0.0.1`: "),
        ("/short", "cannot talk to `127.0.0.1`: "),
        ("/nothing", "cannot talk to `127.0.0.1`: "),
        ("/hangs", "`127.0.0.1` does not answer for 300ms"),
        ("/hangs/later", "`127.0.0.1` does not answer for 300ms"),
        ("/binary", "the page is not text in UTF-8: byte 1 begins no character"),
    ] {
        let failure = request(&format!("{}{path}", server.address)).read().await.unwrap_err();
        assert!(failure.to_string().starts_with(expected), "{path}: {failure}");
    }
}

#[tokio::test]
async fn a_page_may_not_take_for_ever() {
    let server = Server::start(|_| Vec::new()).await;
    let mut request = request(&format!("{}/hangs", server.address));
    request.limits.idle = Duration::from_secs(30);
    request.limits.total = Duration::from_millis(200);
    let failure = request.read().await.unwrap_err();
    assert_eq!(failure.to_string(), "it takes longer than 0 seconds");
}

#[tokio::test]
async fn nobody_there_is_told_without_the_address() {
    // Nothing listens on port 1, and the address has a password.
    let failure = request("http://user:hunter2@127.0.0.1:1/?token=x").read().await.unwrap_err();
    let text = failure.to_string();
    assert!(text.starts_with("cannot reach `127.0.0.1`: "), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("token"), "{text}");
}

#[test]
fn hosts_are_compared_with_their_ports() {
    let table = [
        ("http://a/x", "http://a:80/y", true),
        ("http://a/x", "https://a/y", true),
        ("http://a:8080/x", "https://a/y", false),
        ("https://a/x", "http://a/y", false),
        ("https://a/x", "https://a.b/y", false),
        ("https://a/x", "https://a:444/y", false),
    ];
    for (from, to, same) in table {
        let url = |text| Url::parse(text).unwrap();
        assert_eq!(is_same_host(&url(from), &url(to)), same, "{from} {to}");
    }
}
