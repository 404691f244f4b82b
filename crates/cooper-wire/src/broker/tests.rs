use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;
use crate::yamux::Role;

fn connected() -> (Broker, Broker) {
    let (host, plugin) = duplex(1024);
    let side = |end, role| Broker::new(Session::new(end, role, None));
    (side(host, Role::Client), side(plugin, Role::Server))
}

#[tokio::test]
async fn both_sides_dial_each_other_by_the_same_numbers() {
    let (host, plugin) = connected();
    let (ours, theirs) = (host.offer(), plugin.offer());
    assert_eq!((ours.id(), theirs.id()), (1, 1));
    let main = plugin.offer_main();
    let patience = Duration::from_secs(5);
    let dialling = async { tokio::join!(plugin.dial(1), host.dial(1), host.dial_main()) };
    let accepting =
        async { tokio::join!(ours.accept(patience), theirs.accept(patience), main.accept_later()) };
    let (dialled, accepted) = tokio::join!(dialling, accepting);
    let pairs = [
        (dialled.0.unwrap(), accepted.0.unwrap()),
        (dialled.1.unwrap(), accepted.1.unwrap()),
        (dialled.2.unwrap(), accepted.2.unwrap()),
    ];
    for (number, (mut here, mut there)) in (0_u8..).zip(pairs) {
        here.write_all(&[number]).await.unwrap();
        assert_eq!(there.read_u8().await.unwrap(), number);
    }
}

#[tokio::test]
async fn no_stream_is_refused_because_there_are_many() {
    let (host, plugin) = connected();
    let offers: Vec<_> = (0..1000).map(|_| plugin.offer()).collect();
    let dialling = futures::future::join_all((1..=1000).map(|id| host.dial(id)));
    let accepting = futures::future::join_all(offers.into_iter().map(Offer::accept_later));
    let (dialled, accepted) = tokio::join!(dialling, accepting);
    assert_eq!(dialled.iter().find_map(|stream| stream.as_ref().err()), None);
    assert!(accepted.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn a_number_that_nobody_has_is_not_answered() {
    let (host, plugin) = connected();
    assert_eq!(host.dial(7).await.err(), Some(NoStream::Unanswered(7)));
    // One that nobody has any more.
    drop(plugin.offer());
    assert_eq!(host.dial(1).await.err(), Some(NoStream::Unanswered(1)));
    let offer = host.offer();
    let late = offer.accept(Duration::from_secs(5)).await;
    assert_eq!(late.err(), Some(NoStream::NotDialled(1)));
}

#[tokio::test(start_paused = true)]
async fn streams_that_say_nothing_are_closed() {
    let (here, there) = duplex(1024);
    let _host = Broker::new(Session::new(here, Role::Client, None));
    let plugin = Session::new(there, Role::Server, None);
    let mut stream = plugin.open().unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn another_number_is_no_answer() {
    let (here, there) = duplex(1024);
    let host = Broker::new(Session::new(here, Role::Client, None));
    let plugin = Session::new(there, Role::Server, None);
    let answer = async {
        let mut stream = plugin.accept().await.unwrap();
        stream.read_u32_le().await.unwrap();
        stream.write_all(&9_u32.to_le_bytes()).await.unwrap();
        stream
    };
    let (dialled, _stream) = tokio::join!(host.dial(3), answer);
    assert_eq!(dialled.err(), Some(NoStream::Confused { id: 3, got: 9 }));
}

#[tokio::test]
async fn the_end_of_the_session_is_the_end_of_every_offer() {
    let (host, plugin) = connected();
    let offer = host.offer();
    drop(plugin);
    assert_eq!(offer.accept_later().await.err(), Some(NoStream::Ended(Ended::Closed)));
    assert!(host.dial(1).await.is_err());
}
