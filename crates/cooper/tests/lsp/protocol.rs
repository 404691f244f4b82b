//! The conversation itself.

use serde_json::{Value, json};

use crate::client::Client;

const BAD: &str = "build { sources = [\"source.null.x\"] }\n";

#[test]
fn the_conversation_ends_with_zero_after_shutdown_only() {
    assert_eq!(Client::meet(&[]).part(), Some(0));
    let mut client = Client::meet(&[]);
    client.notify("exit", Value::Null);
    assert_eq!(client.hang_up(), Some(1));
    assert_eq!(Client::meet(&[]).hang_up(), Some(1));
    assert_eq!(Client::start(&[]).hang_up(), Some(1));
}

#[test]
fn initialize_comes_first_and_shutdown_last() {
    let mut client = Client::start(&[]);
    client.notify("textDocument/didOpen", json!({}));
    assert_eq!(client.refused("textDocument/hover", json!({}))["code"], -32002);
    client.introduce(json!({}));
    assert_eq!(client.refused("initialize", json!({}))["code"], -32600);
    assert_eq!(client.refused("cooper/nonsense", json!({}))["code"], -32601);
    client.ask("shutdown", Value::Null);
    assert_eq!(client.refused("textDocument/hover", json!({}))["code"], -32600);
}

#[test]
fn the_encoding_is_negotiated() {
    // The mistake stands behind letters that count differently in every encoding.
    let text = "locals { a = \"𝔘é\" + nothing }\n";
    for (offered, taken, column) in [
        (json!(null), "utf-16", 21),
        (json!(["utf-8", "utf-16"]), "utf-8", 24),
        (json!(["utf-32"]), "utf-32", 20),
        (json!(["klingon"]), "utf-16", 21),
    ] {
        let mut client = Client::start(&[]);
        let capabilities = json!({ "general": { "positionEncodings": offered } });
        let can = client.introduce_with(json!({ "capabilities": capabilities }));
        assert_eq!(can["positionEncoding"], taken);
        client.open("a.pkr.hcl", text);
        let found = client.diagnostics("a.pkr.hcl");
        let unknown = found.iter().find(|d| d["code"] == "unknown-variable").expect("it is wrong");
        assert_eq!(unknown["range"]["start"], json!({ "line": 0, "character": column }));
    }
}

#[test]
fn what_is_no_message_is_refused_and_the_server_lives() {
    let mut client = Client::meet(&[]);
    client.send(b"Content-Length: 3\r\n\r\n{]}");
    let refused = client.wait(|message| message["error"]["code"] == -32700);
    assert_eq!(refused["id"], Value::Null);
    for params in [json!(null), json!(3), json!({ "textDocument": 3 }), json!([])] {
        client.notify("textDocument/didOpen", params.clone());
        client.notify("textDocument/didChange", params.clone());
        client.notify("$/cancelRequest", params);
    }
    client.change_unopened();
    client.open("a.pkr.hcl", BAD);
    assert!(!client.diagnostics("a.pkr.hcl").is_empty());
    assert_eq!(client.part(), Some(0));
}

#[test]
fn a_message_without_end_is_not_waited_for_with_memory() {
    let mut client = Client::meet(&[]);
    client.send(b"Content-Length: 99999999999999\r\n\r\n{");
    assert_eq!(client.hang_up(), Some(1));
    let mut client = Client::meet(&[]);
    client.send(b"nonsense\r\n\r\n");
    assert_eq!(client.hang_up(), Some(1));
}

#[test]
fn a_request_that_waits_can_be_taken_back() {
    let mut client = Client::meet(&[]);
    // In one piece, so that the program meets the second while it deals with the first.
    let ask = json!({ "id": 77, "method": "textDocument/hover", "params": {} }).to_string();
    let cancel = json!({ "method": "$/cancelRequest", "params": { "id": 77 } }).to_string();
    let change = json!({ "method": "textDocument/didChange", "params": null }).to_string();
    let mut all = String::new();
    for text in [&change, &change, &ask, &cancel] {
        all.push_str(&format!("Content-Length: {}\r\n\r\n{text}", text.len()));
    }
    client.send(all.as_bytes());
    let answer = client.wait(|message| message["id"] == 77);
    // It may have been answered already, but it is answered once.
    assert!(answer.get("error").is_some(), "{answer}");
    client.ask("shutdown", Value::Null);
    assert!(client.is_silent(|message| message["id"] == 77));
}

#[test]
fn texts_that_are_no_files_are_left_alone() {
    let mut client = Client::meet(&[]);
    for uri in ["untitled:Untitled-1", "file://elsewhere/a.pkr.hcl", "", "file:///%FF"] {
        let item = json!({ "uri": uri, "languageId": "hcl", "version": 1, "text": BAD });
        client.notify("textDocument/didOpen", json!({ "textDocument": item }));
    }
    client.open("notes.txt", "hello");
    client.open("a.pkr.hcl", BAD);
    client.diagnostics("a.pkr.hcl");
    assert!(client.is_silent(|message| message["method"] == "textDocument/publishDiagnostics"));
}

impl Client {
    fn change_unopened(&mut self) {
        let document = json!({ "uri": self.uri("never.pkr.hcl"), "version": 2 });
        let params = json!({ "textDocument": document, "contentChanges": [{ "text": "x" }] });
        self.notify("textDocument/didChange", params);
    }
}
