//! Websockets in both directions.

use std::net::TcpStream;

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client};

use crate::shared;
use crate::tiny::buzz;

fn connect(path: &str) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(shared().address).expect("it listens");
    let url = format!("ws://{}{path}", shared().address);
    client(url, stream).expect("it is a websocket").0
}

fn send(socket: &mut WebSocket<TcpStream>, json: &Value) {
    socket.send(Message::text(json.to_string())).expect("it reads");
}

/// Everything until the server closes: JSON messages, and the bytes of binary ones.
fn rest(socket: &mut WebSocket<TcpStream>) -> (Vec<Value>, Vec<u8>) {
    let (mut messages, mut sound) = (Vec::new(), Vec::new());
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => messages.push(serde_json::from_str(&text).expect("JSON")),
            Ok(Message::Binary(bytes)) => sound.extend_from_slice(&bytes),
            Ok(Message::Close(_)) | Err(_) => return (messages, sound),
            Ok(_) => {}
        }
    }
}

fn kinds(messages: &[Value]) -> Vec<&str> {
    messages.iter().filter_map(|m| m["type"].as_str()).collect()
}

#[test]
fn text_in_pieces_is_spoken_sentence_by_sentence() {
    let mut socket = connect("/v1/stream/speech");
    send(&mut socket, &json!({ "type": "start", "voice": "ann", "seed": 1 }));
    for piece in ["Yes", ", no. Y", "es, yes. N", "o"] {
        send(&mut socket, &json!({ "type": "text", "text": piece }));
    }
    send(&mut socket, &json!({ "type": "end" }));
    let (messages, sound) = rest(&mut socket);
    let words: Vec<String> = messages
        .iter()
        .filter(|m| m["type"] == "words")
        .flat_map(|m| m["words"].as_array().expect("a list").clone())
        .map(|w| w["word"].as_str().expect("a word").trim_matches([',', '.']).to_owned())
        .collect();
    assert_eq!(words, ["Yes", "no", "Yes", "yes", "No"]);
    assert_eq!((kinds(&messages)[0], *kinds(&messages).last().expect("some")), ("ready", "done"));
    let seconds = messages.last().and_then(|m| m["seconds"].as_f64()).expect("a length");
    let rate = messages[0]["sample_rate_hz"].as_f64().expect("a rate");
    assert!((seconds * rate * 2.0 - sound.len() as f64).abs() < 4.0 && !sound.is_empty());
}

#[test]
fn sound_in_pieces_is_written_down() {
    let mut socket = connect("/v1/stream/transcription");
    send(&mut socket, &json!({ "type": "start", "sample_rate_hz": 16_000 }));
    let audio = buzz(2.0, 16_000);
    let bytes: Vec<u8> =
        audio.samples.iter().flat_map(|x| ((x * 32767.0) as i16).to_le_bytes()).collect();
    for piece in bytes.chunks(4001) {
        socket.send(Message::binary(piece.to_vec())).expect("it reads");
    }
    send(&mut socket, &json!({ "type": "end" }));
    let (messages, _) = rest(&mut socket);
    let last = messages.last().expect("an answer");
    assert_eq!(last["type"], "transcript.text.done", "{messages:?}");
    assert!(last["text"].is_string());
}

#[test]
fn bad_messages_are_told() {
    let check = |path: &str, first: Message, code: &str| {
        let mut socket = connect(path);
        socket.send(first).expect("it reads");
        let (messages, _) = rest(&mut socket);
        assert_eq!(kinds(&messages), ["error"], "{messages:?}");
        assert_eq!(messages[0]["error"]["code"], code, "{messages:?}");
    };
    let speech = "/v1/stream/speech";
    check(speech, Message::text("nonsense"), "invalid_json");
    check(speech, Message::text("{\"type\":\"text\"}"), "invalid_message");
    check(speech, Message::text("{\"type\":\"start\",\"speed\":9}"), "invalid_speed");
    check(speech, Message::text("{\"type\":\"start\",\"voice\":\"nobody\"}"), "unknown_voice");
    check(speech, Message::text("{\"type\":\"start\",\"temperature\":9}"), "invalid_temperature");
    check(speech, Message::binary(vec![1, 2]), "invalid_message");
    let transcription = "/v1/stream/transcription";
    check(transcription, Message::text("{\"type\":\"start\"}"), "invalid_message");
    check(
        transcription,
        Message::text("{\"type\":\"start\",\"sample_rate_hz\":1}"),
        "invalid_rate",
    );
}
