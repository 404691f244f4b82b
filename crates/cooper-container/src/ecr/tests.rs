use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

#[test]
fn addresses() {
    let private = |account: &str, region: &str| Registry::Private {
        account: account.to_owned(),
        region: region.to_owned(),
    };
    for (server, registry) in [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", private("123456789012", "eu-west-1")),
        ("https://1.dkr.ecr.us-east-1.amazonaws.com/app:v1", private("1", "us-east-1")),
        ("http://1.dkr.ecr.cn-north-1.amazonaws.com.cn", private("1", "cn-north-1")),
        ("public.ecr.aws/alias/app", Registry::Public),
        ("https://public.ecr.aws", Registry::Public),
    ] {
        assert_eq!(Registry::parse(server).unwrap(), registry, "{server}");
    }
    for server in [
        "",
        "docker.io",
        "dkr.ecr.eu-west-1.amazonaws.com",
        "x.dkr.ecr.eu-west-1.amazonaws.com",
        "1.dkr.ecr..amazonaws.com",
        "1.dkr.ecr.evil.example/.amazonaws.com",
        "1.dkr.ecr.e#vil.amazonaws.com",
        "1.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
        "public.ecr.aws.evil.example",
        "evil.example/public.ecr.aws/alias",
    ] {
        assert!(Registry::parse(server).is_err(), "{server}");
    }
}

/// Answers one request with a status and a body, and returns the request.
async fn answer(
    status: &'static str,
    body: &'static str,
) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        // The body is small and ends with a brace.
        while !(request.windows(4).any(|bytes| bytes == b"\r\n\r\n") && request.ends_with(b"}")) {
            let count = stream.read(&mut buffer).await.unwrap();
            assert_ne!(count, 0, "the request ends early");
            request.extend_from_slice(&buffer[..count]);
        }
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.1\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap().to_lowercase()
    });
    (address, server)
}

fn options() -> EcrOptions {
    EcrOptions {
        access_key: Some("AKIDEXAMPLE".to_owned()),
        secret_key: Some("secret".to_owned()),
        token: Some("session".to_owned()),
        ..EcrOptions::default()
    }
}

const SERVER: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

#[tokio::test]
async fn a_private_registry() {
    let (address, server) = answer(
        "200 OK",
        r#"{"authorizationData":[{"authorizationToken":"QVdTOnBhc3M6d29yZA=="}]}"#,
    )
    .await;
    let credentials = credentials_from(SERVER, &options(), Some(&address)).await.unwrap();
    assert_eq!(
        credentials,
        Credentials::Password { username: "AWS".to_owned(), password: "pass:word".to_owned() }
    );
    let request = server.await.unwrap();
    assert!(request.contains("getauthorizationtoken"), "{request}");
    assert!(request.contains(r#"{"registryids":["123456789012"]}"#), "{request}");
    assert!(request.contains("aws4-hmac-sha256 credential=akidexample/"), "{request}");
    assert!(request.contains("/eu-west-1/ecr/aws4_request"), "{request}");
    assert!(request.contains("x-amz-security-token: session"), "{request}");
}

#[tokio::test]
async fn the_public_registry() {
    let (address, server) =
        answer("200 OK", r#"{"authorizationData":{"authorizationToken":"QVdTOnB3"}}"#).await;
    let options = EcrOptions { force_public: true, ..options() };
    let credentials = credentials_from("anything", &options, Some(&address)).await.unwrap();
    assert!(matches!(credentials, Credentials::Password { username, .. } if username == "AWS"));
    let request = server.await.unwrap();
    assert!(request.contains("/us-east-1/ecr-public/aws4_request"), "{request}");
}

#[tokio::test]
async fn a_refusal_says_why() {
    let (address, server) = answer(
        "400 Bad Request",
        r#"{"__type":"UnrecognizedClientException","message":"The security token is invalid."}"#,
    )
    .await;
    let error = credentials_from(SERVER, &options(), Some(&address)).await.unwrap_err();
    server.await.unwrap();
    assert!(matches!(error, Error::Denied(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!(
            "get the credentials of `{SERVER}` from AWS: UnrecognizedClientException: \
             The security token is invalid."
        )
    );
}

#[tokio::test]
async fn half_a_key_and_secrets() {
    let half = EcrOptions { secret_key: None, ..options() };
    let error = credentials_from(SERVER, &half, None).await.unwrap_err();
    assert_eq!(error.to_string(), "there is an AWS access key without its secret");
    assert!(!format!("{:?}", options()).contains("secret\""));
    assert!(!format!("{:?}", options()).contains("AKID"));
}
