use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::testing::hex;

fn pair() -> (Session, Session) {
    let (here, there) = duplex(16 * 1024);
    (Session::new(here, Role::Client, None), Session::new(there, Role::Server, None))
}

/// A session, and the other end of its connection as bytes.
fn raw(role: Role) -> (Session, DuplexStream) {
    let (here, there) = duplex(1 << 20);
    (Session::new(here, role, None), there)
}

async fn expect(peer: &mut DuplexStream, bytes: &str) {
    let expected = hex(bytes);
    let mut got = vec![0; expected.len()];
    peer.read_exact(&mut got).await.unwrap();
    assert_eq!(got, expected, "{got:02x?}");
}

#[tokio::test]
async fn frames_are_those_that_go_sends() {
    let (session, mut peer) = raw(Role::Client);
    let mut stream = session.open().unwrap();
    stream.write_all(&[0; 4]).await.unwrap();
    expect(&mut peer, "000100010000000100000000").await;
    expect(&mut peer, "00000000000000010000000400000000").await;
    peer.write_all(&hex("000100020000000100000000")).await.unwrap();
    peer.write_all(&hex("00000000000000010000000400000000")).await.unwrap();
    let mut echo = [1; 4];
    stream.read_exact(&mut echo).await.unwrap();
    assert_eq!(echo, [0; 4]);
    // A ping is answered with its number.
    peer.write_all(&hex("00020001000000000000002a")).await.unwrap();
    expect(&mut peer, "00020002000000000000002a").await;
    // One FIN, however often the stream is closed.
    stream.shutdown().await.unwrap();
    stream.shutdown().await.unwrap();
    drop(stream);
    peer.write_all(&hex("00020001000000000000002b")).await.unwrap();
    expect(&mut peer, "000100040000000100000000").await;
    expect(&mut peer, "00020002000000000000002b").await;
}

#[tokio::test]
async fn streams_carry_data_both_ways_and_end() {
    let (client, server) = pair();
    let echo = tokio::spawn(async move {
        let mut streams = Vec::new();
        for _ in 0..3 {
            let stream = server.accept().await.unwrap();
            streams.push(tokio::spawn(async move {
                let (mut read, mut write) = tokio::io::split(stream);
                let count = tokio::io::copy(&mut read, &mut write).await.unwrap();
                write.shutdown().await.unwrap();
                count
            }));
        }
        let mut total = 0;
        for stream in streams {
            total += stream.await.unwrap();
        }
        total
    });
    let data: Vec<u8> = (0..3_000_000_u32).map(|i| ((i * 31) >> 3) as u8).collect();
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let stream = client.open().unwrap();
        let data = data.clone();
        tasks.push(tokio::spawn(async move {
            let (mut read, mut write) = tokio::io::split(stream);
            let sent = data.clone();
            let writer = tokio::spawn(async move {
                write.write_all(&sent).await.unwrap();
                write.shutdown().await.unwrap();
                write
            });
            let mut got = Vec::new();
            read.read_to_end(&mut got).await.unwrap();
            writer.await.unwrap();
            assert!(got == data);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(echo.await.unwrap(), 9_000_000);
}

#[tokio::test]
async fn a_writer_waits_for_credit() {
    let (client, server) = pair();
    let mut stream = client.open().unwrap();
    let mut other = server.accept().await.unwrap();
    let big = vec![7; WINDOW as usize];
    stream.write_all(&big).await.unwrap();
    let more = tokio::time::timeout(Duration::from_millis(50), stream.write_all(b"more"));
    assert!(more.await.is_err(), "there is no credit left");
    let mut got = vec![0; big.len()];
    other.read_exact(&mut got).await.unwrap();
    stream.write_all(b"more").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    other.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"more");
}

#[tokio::test]
async fn a_stream_that_is_broken_off_is_an_error_and_one_that_is_dropped_is_an_end() {
    let (client, server) = pair();
    let stream = client.open().unwrap();
    let mut other = server.accept().await.unwrap();
    stream.reset();
    let error = other.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

    let stream = client.open().unwrap();
    let mut other = server.accept().await.unwrap();
    drop(stream);
    let mut rest = Vec::new();
    assert_eq!(other.read_to_end(&mut rest).await.unwrap(), 0);
    // Who writes to a stream that nobody reads is told.
    let written = async {
        loop {
            if let Err(error) = other.write_all(&[0; 1000]).await {
                break error;
            }
            tokio::task::yield_now().await;
        }
    };
    let error = tokio::time::timeout(Duration::from_secs(10), written).await.unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn streams_are_forgotten_when_both_sides_are_done() {
    let (client, server) = pair();
    for _ in 0..10_000 {
        let mut stream = client.open().unwrap();
        stream.write_all(b"x").await.unwrap();
        let mut other = server.accept().await.unwrap();
        assert_eq!(other.read_u8().await.unwrap(), b'x');
    }
}

#[tokio::test]
async fn the_end_of_the_connection_is_the_end_of_everything() {
    let (session, peer) = raw(Role::Client);
    let mut stream = session.open().unwrap();
    drop(peer);
    assert_eq!(session.ended().await, Ended::Closed);
    assert!(stream.read_u8().await.is_err());
    assert!(stream.write_all(b"x").await.is_err());
    assert!(session.open().is_err());
    assert_eq!(session.accept().await.err(), Some(Ended::Closed));
}

#[tokio::test]
async fn what_was_said_before_the_end_is_heard() {
    let (client, server) = pair();
    let mut stream = client.open().unwrap();
    stream.write_all(&[1; 100_000]).await.unwrap();
    drop(stream);
    drop(client);
    let mut other = server.accept().await.unwrap();
    let mut got = Vec::new();
    other.read_to_end(&mut got).await.unwrap();
    assert_eq!(got.len(), 100_000);
}

/// Each of these is a peer that lies or breaks the rules: one error, and no memory.
#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_left() {
    for (bytes, why) in [
        // A frame of two gigabytes, on a stream that it opened.
        ("000100010000000200000000 00000000000000027fffffff", "more data"),
        // One more byte than the window.
        ("000000010000000200040001", "more data"),
        // The same on a stream that there is not.
        ("00000000000000080fffffff", "more data"),
        ("010000000000000200000000", "version"),
        ("000900000000000200000000", "kind"),
        ("000000000000000000000001", "wrong stream"),
        ("000200010000000100000000", "wrong stream"),
        // A stream of ours that it opens, and one that it opens twice.
        ("000100010000000100000000", "number"),
        ("000100010000000200000000 000100010000000200000000", "number"),
        // Closed twice, and data after that.
        ("000100010000000200000000 000100040000000200000000 000100040000000200000000", "twice"),
        ("000100010000000200000000 000100040000000200000000 00000000000000020000000100", "closed"),
        // More credit than a number holds.
        ("000100010000000200000000 0001000000000002ffffffff", "credit"),
        ("000300000000000000000001", "code 1"),
        ("474554202f20485454502f31", "version"),
    ] {
        let (session, mut peer) = raw(Role::Client);
        peer.write_all(&hex(bytes)).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(5), session.ended()).await;
        let ended = ended.unwrap_or_else(|_| panic!("{bytes} is accepted"));
        assert!(ended.to_string().contains(why), "{bytes}: {ended}");
    }
}

#[tokio::test]
async fn a_flood_of_pings_or_streams_is_bounded() {
    for frame in ["000200010000000000000000", "000100010000000000000000"] {
        let (session, mut peer) = raw(Role::Client);
        let is_ping = frame.starts_with("0002");
        let flood = async {
            for number in 1..200_000_u32 {
                let mut bytes = hex(frame);
                if !is_ping {
                    bytes[4..8].copy_from_slice(&(number * 2).to_be_bytes());
                }
                if peer.write_all(&bytes).await.is_err() {
                    break;
                }
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(20), async {
            tokio::join!(flood, session.ended()).1
        });
        let ended = ended.await.unwrap();
        assert!(ended.to_string().contains("does not read"), "{frame}: {ended}");
    }
}

#[tokio::test]
async fn streams_that_nobody_takes_are_refused_when_they_are_too_many() {
    let (session, mut peer) = raw(Role::Client);
    for number in 1..=300_u32 {
        let mut bytes = hex("000100010000000000000000");
        bytes[4..8].copy_from_slice(&(number * 2).to_be_bytes());
        peer.write_all(&bytes).await.unwrap();
    }
    let mut refused = 0;
    for _ in 0..300 {
        let mut frame = [0; Frame::SIZE];
        peer.read_exact(&mut frame).await.unwrap();
        refused += usize::from(Frame::decode(&frame).unwrap().flags.has(Flags::RST));
    }
    assert_eq!(refused, 44);
    drop(session);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_is_left_and_one_that_does_is_not() {
    let (here, _there) = duplex(1024);
    let session = Session::new(here, Role::Client, Some(Keepalive::default()));
    let started = tokio::time::Instant::now();
    assert_eq!(session.ended().await, Ended::Silent(Duration::from_secs(30)));
    assert!(started.elapsed() <= Duration::from_secs(90));

    let (here, there) = duplex(1024);
    let session = Session::new(here, Role::Client, Some(Keepalive::default()));
    let _peer = Session::new(there, Role::Server, Some(Keepalive::default()));
    let lives = tokio::time::timeout(Duration::from_secs(600), session.ended()).await;
    assert!(lives.is_err(), "{lives:?}");
}

proptest! {
    #[test]
    fn garbage_ends_the_session_or_is_nothing(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        is_client in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let role = if is_client { Role::Client } else { Role::Server };
            let (session, mut peer) = raw(role);
            let _ = peer.write_all(&bytes).await;
            drop(peer);
            session.ended().await;
        });
    }

    #[test]
    fn frames_are_read_as_they_are_written(
        flags in any::<u16>(), stream in 1..u32::MAX, length in any::<u32>(), kind in 0..4_u8,
    ) {
        let (kind, stream) = match kind {
            0 => (Kind::Data, stream),
            1 => (Kind::WindowUpdate, stream),
            2 => (Kind::Ping, 0),
            _ => (Kind::GoAway, 0),
        };
        let frame = Frame { kind, flags: Flags(flags), stream, length };
        prop_assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
    }
}
