//! A small HTTP client.

use std::io::Read as _;

use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

/// A response, read to its end.
pub struct HttpResponse {
    pub status: u16,
    pub content_type: String,
    pub retry_after: Option<String>,
    pub bytes: Vec<u8>,
}

impl HttpResponse {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Checks OpenAI's error object; returns its code.
    pub fn error(&self) -> String {
        let json = self.json();
        let error = json["error"].as_object().unwrap_or_else(|| panic!("{json}"));
        let names: Vec<&str> = error.keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "hint", "message", "param", "type"], "{json}");
        assert!(!error["message"].as_str().unwrap_or_default().is_empty(), "{json}");
        error["code"].as_str().unwrap_or_default().to_owned()
    }
}

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).build().new_agent()
}

fn read(response: Response<Body>) -> HttpResponse {
    let header = |name: &str| {
        let value = response.headers().get(name).and_then(|v| v.to_str().ok());
        value.map(str::to_owned)
    };
    let (content_type, retry_after) = (header("content-type"), header("retry-after"));
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    response.into_body().into_reader().read_to_end(&mut bytes).expect("a whole body");
    HttpResponse { status, content_type: content_type.unwrap_or_default(), retry_after, bytes }
}

pub fn get(url: &str) -> HttpResponse {
    get_with(url, &[])
}

pub fn get_with(url: &str, headers: &[(&str, &str)]) -> HttpResponse {
    let request = headers.iter().fold(agent().get(url), |r, (name, value)| r.header(*name, *value));
    read(request.call().expect("an answer"))
}

pub fn delete(url: &str) -> HttpResponse {
    read(agent().delete(url).call().expect("an answer"))
}

pub fn post(url: &str, json: &Value) -> HttpResponse {
    post_bytes(url, "application/json", json.to_string().as_bytes())
}

pub fn post_bytes(url: &str, content_type: &str, body: &[u8]) -> HttpResponse {
    let request = agent().post(url).header("content-type", content_type);
    read(request.send(body).expect("an answer"))
}

/// A part of a form: name, file name, contents.
pub type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

pub fn post_form(url: &str, parts: &[Part<'_>]) -> HttpResponse {
    let boundary = "a-boundary-that-no-part-contains";
    let mut body = Vec::new();
    for (name, file, contents) in parts {
        body.extend(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"").bytes(),
        );
        if let Some(file) = file {
            body.extend(
                format!("; filename=\"{file}\"\r\nContent-Type: application/octet-stream").bytes(),
            );
        }
        body.extend(b"\r\n\r\n");
        body.extend_from_slice(contents);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    post_bytes(url, &format!("multipart/form-data; boundary={boundary}"), &body)
}
