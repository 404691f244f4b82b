use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::sync::Notify;

use super::*;
use crate::msgpack::Value;
use crate::testing::hex;

/// Answers some calls.
#[derive(Default)]
struct Echo {
    release: Notify,
    dropped: AtomicUsize,
}

struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl<'a> Service<'a> for Echo {
    fn is(&self, name: &str) -> bool {
        ["Echo", "Builder", "Uihttp://example.com/a.iso"].contains(&name)
    }

    fn call(
        &'a self,
        service: &str,
        method: &str,
        argument: Value,
    ) -> Option<BoxFuture<'a, Answer<'a>>> {
        let service = service.to_owned();
        match method {
            "Say" => Some(Box::pin(async move { Ok(Reply::new(&argument)) })),
            "Name" => Some(Box::pin(async move { Ok(Reply::new(&service)) })),
            "Fail" | "Run" => Some(Box::pin(async { Err("run failed".to_owned()) })),
            "FailSilently" => Some(Box::pin(async { Err(String::new()) })),
            "Wait" => Some(Box::pin(async {
                let _counted = Counted(&self.dropped);
                self.release.notified().await;
                Ok(Reply::new(&()))
            })),
            "Begin" => Some(Box::pin(async {
                let after = Box::pin(async { self.release.notify_one() });
                Ok(Reply::then(&(), after))
            })),
            _ => None,
        }
    }
}

#[tokio::test]
async fn calls_are_those_that_go_makes() {
    let (here, mut peer) = duplex(1024);
    let client = Client::new(here);
    let call =
        tokio::spawn(async move { client.call::<(), Value>("Builder.ConfigSpec", &()).await });
    let expected =
        hex("82ad536572766963654d6574686f64b24275696c6465722e436f6e66696753706563a353657100c0");
    let mut got = vec![0; expected.len()];
    peer.read_exact(&mut got).await.unwrap();
    assert_eq!(got, expected);
    // An answer to a call that nobody made is passed over; a byte at a time is enough.
    let stray = "83ad536572766963654d6574686f64a0a353657109a54572726f72a0c0";
    let answer = "83ad536572766963654d6574686f64a0a353657100a54572726f72a0a568656c6c6f";
    for byte in hex(stray).into_iter().chain(hex(answer)) {
        peer.write_all(&[byte]).await.unwrap();
    }
    assert_eq!(call.await.unwrap(), Ok(Value::text("hello")));
}

#[tokio::test]
async fn answers_are_those_that_go_gives() {
    let (here, mut peer) = duplex(1024);
    let served = tokio::spawn(async move {
        let echo = Echo::default();
        serve(here, &[&echo as &dyn Service<'_>]).await
    });
    for (call, answer) in [
        // A text, and nothing.
        (
            "82ad536572766963654d6574686f64a84563686f2e536179a353657100af6275696c6465722073617973\
             206869",
            "83ad536572766963654d6574686f64a84563686f2e536179a353657100a54572726f72a0\
             af6275696c6465722073617973206869",
        ),
        (
            "82ad536572766963654d6574686f64a84563686f2e536179a353657101c0",
            "83ad536572766963654d6574686f64a84563686f2e536179a353657101a54572726f72a0c0",
        ),
        // One that fails has an empty map for an answer.
        (
            "82ad536572766963654d6574686f64ab4275696c6465722e52756ea35365710201",
            "83ad536572766963654d6574686f64ab4275696c6465722e52756ea353657102a54572726f72\
             aa72756e206661696c656480",
        ),
    ] {
        peer.write_all(&hex(call)).await.unwrap();
        let expected = hex(answer);
        let mut got = vec![0; expected.len()];
        let reading = peer.read_exact(&mut got);
        tokio::time::timeout(Duration::from_secs(5), reading).await.unwrap().unwrap();
        assert_eq!(got, expected, "{got:02x?}");
    }
    drop(peer);
    served.await.unwrap().unwrap();
}

/// How a channel ended, and how many of its calls had.
type Served = tokio::task::JoinHandle<(Result<(), String>, usize)>;

/// A client of an [`Echo`].
fn connected() -> (Client, Served) {
    let (here, there) = duplex(64);
    let server = tokio::spawn(async move {
        let echo = Echo::default();
        let result = serve(there, &[&echo as &dyn Service<'_>]).await;
        (result, echo.dropped.load(Ordering::SeqCst))
    });
    (Client::new(here), server)
}

#[tokio::test]
async fn calls_overlap() {
    let (client, server) = connected();
    let waiting = client.clone();
    let wait = tokio::spawn(async move { waiting.call::<(), ()>("Echo.Wait", &()).await });
    tokio::task::yield_now().await;
    let calls = (0..200_u64).map(|number| {
        let client = client.clone();
        tokio::spawn(async move { client.call::<u64, u64>("Echo.Say", &number).await })
    });
    for (number, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(call.await.unwrap(), Ok(number as u64));
    }
    assert!(!wait.is_finished());
    // What goes on after an answer goes on.
    client.call::<(), ()>("Echo.Begin", &()).await.unwrap();
    assert_eq!(wait.await.unwrap(), Ok(()));
    drop(client);
    assert_eq!(server.await.unwrap(), (Ok(()), 1));
}

#[tokio::test]
async fn errors_are_texts() {
    let (client, _server) = connected();
    let refused = |text: &str| Err::<(), _>(CallError::Refused(text.to_owned()));
    assert_eq!(client.call("Echo.Fail", &()).await, refused("run failed"));
    assert_eq!(client.call("Echo.FailSilently", &()).await, refused("unknown error"));
    assert_eq!(client.call("Echo.No", &()).await, refused("rpc: can't find method Echo.No"));
    assert_eq!(client.call("No.Say", &()).await, refused("rpc: can't find service No.Say"));
    let name = "Uihttp://example.com/a.iso";
    let called = client.call::<(), String>(&format!("{name}.Name"), &()).await;
    assert_eq!(called.as_deref(), Ok(name));
    let wrong = client.call::<_, u64>("Echo.Say", &"text".to_owned()).await;
    assert!(matches!(wrong, Err(CallError::Unreadable { .. })), "{wrong:?}");
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_breaks_nothing() {
    let (client, server) = connected();
    for _ in 0..50 {
        let text = "x".repeat(10_000);
        let call = client.call::<_, String>("Echo.Say", &text);
        let _ = tokio::time::timeout(Duration::from_micros(50), call).await;
    }
    let late = client.call_within::<_, ()>(Duration::from_millis(20), "Echo.Wait", &()).await;
    assert!(matches!(late, Err(CallError::Late { .. })), "{late:?}");
    assert_eq!(client.call::<_, u64>("Echo.Say", &7_u64).await, Ok(7));
    drop(client);
    // What was still under way was dropped.
    assert_eq!(server.await.unwrap(), (Ok(()), 1));
}

#[tokio::test]
async fn the_end_of_the_channel_is_the_end_of_every_call() {
    for said in ["", "c1", "80", "dfffffffff", "01c0", "83ad5365727669"] {
        let (here, mut peer) = duplex(1024);
        let client = Client::new(here);
        let call = client.call::<(), ()>("Builder.Run", &());
        let talk = async {
            let mut request = [0; 10];
            peer.read_exact(&mut request).await.unwrap();
            peer.write_all(&hex(said)).await.unwrap();
            drop(peer);
        };
        let (answer, ()) = tokio::join!(call, talk);
        assert!(matches!(answer, Err(CallError::Ended { .. })), "{said}: {answer:?}");
        let again = client.call::<(), ()>("Builder.Run", &()).await;
        assert!(matches!(again, Err(CallError::Ended { .. })), "{said}: {again:?}");
    }
}

#[tokio::test]
async fn a_caller_that_sends_garbage_is_left() {
    for said in ["c1", "01c0", "ddffffffffff", "81a353657191"] {
        let (here, mut peer) = duplex(1024);
        peer.write_all(&hex(said)).await.unwrap();
        drop(peer);
        let echo = Echo::default();
        let result = serve(here, &[&echo as &dyn Service<'_>]).await;
        assert!(result.is_err(), "{said}");
    }
}
