//! Judge that is an OpenAI-compatible transcription endpoint.

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use syrinx_audio::AudioWarning;
use syrinx_types::CancelToken;
use ureq::http::StatusCode;

use crate::judge::{Judge, JudgeLine, Verdict};
use crate::{EvalError, SubjectError};

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Separator of the parts of a request, long enough not to occur in WAV bytes by chance.
const BOUNDARY: &str = "syrinx-eval-7f0c2a9d51b84e36";

/// Fault of a transcription endpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointFault {
    /// An address that this program can't call.
    #[error("`{url}` is not an http:// address")]
    Address {
        /// The address.
        url: String,
    },
    /// An endpoint without an answer.
    #[error("`{address}` doesn't answer: {cause}")]
    Unreachable {
        /// Address of the endpoint.
        address: String,
        /// Cause.
        cause: Box<ureq::Error>,
    },
    /// An endpoint that returned an error status.
    #[error("`{address}` returned {status}: {body}")]
    Status {
        /// Address of the endpoint.
        address: String,
        /// Status of the answer.
        status: StatusCode,
        /// Beginning of the answer.
        body: String,
    },
    /// An endpoint whose answer is not JSON.
    #[error("`{address}` returned no JSON: {cause}")]
    NoJson {
        /// Address of the endpoint.
        address: String,
        /// Cause.
        cause: serde_json::Error,
    },
    /// An endpoint whose answer has no transcript.
    #[error("`{address}` returned no `text`")]
    NoText {
        /// Address of the endpoint.
        address: String,
    },
}

impl EndpointFault {
    /// Remedy, where one is known.
    pub(crate) fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Address { .. } => {
                "give an http:// address; https:// needs a build with the feature `https`".into()
            }
            Self::Unreachable { .. } => "start it, or check its address".into(),
            Self::NoJson { .. } | Self::NoText { .. } => {
                "name an endpoint of OpenAI's transcription API".into()
            }
            Self::Status { .. } => return None,
        })
    }
}

/// `POST URL/audio/transcriptions`, one recording a request.
pub(crate) struct EndpointJudge {
    name: String,
    address: String,
    model: String,
    api_key: Option<String>,
    agent: ureq::Agent,
}

impl EndpointJudge {
    pub(crate) fn new(
        name: &str,
        url: &str,
        model: &str,
        api_key: Option<&str>,
    ) -> Result<Self, EvalError> {
        let secure = cfg!(feature = "https") && url.starts_with("https://");
        if !secure && !url.starts_with("http://") {
            let fault = EndpointFault::Address { url: url.to_owned() }.into();
            return Err(EvalError::Judge { name: name.to_owned(), fault });
        }
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build();
        Ok(Self {
            name: name.to_owned(),
            address: format!("{}/audio/transcriptions", url.trim_end_matches('/')),
            model: model.to_owned(),
            api_key: api_key.map(str::to_owned),
            agent: config.into(),
        })
    }

    fn fault(&self, fault: EndpointFault) -> EvalError {
        EvalError::Judge { name: self.name.clone(), fault: fault.into() }
    }

    fn recognize(&self, line: &JudgeLine) -> Result<Verdict, EvalError> {
        let Ok(wav) = fs::read(&line.wav) else { return Ok(Verdict::all_wrong(&line.text)) };
        let mut request = self
            .agent
            .post(&self.address)
            .header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"));
        if let Some(key) = &self.api_key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let address = || self.address.clone();
        let no_answer = |e: ureq::Error| {
            self.fault(EndpointFault::Unreachable { address: address(), cause: Box::new(e) })
        };
        let mut response = request.send(form(&self.model, &line.wav, &wav)).map_err(no_answer)?;
        let status = response.status();
        let body = response.body_mut().read_to_string().map_err(no_answer)?;
        if !status.is_success() {
            let body = body.chars().take(200).collect();
            return Err(self.fault(EndpointFault::Status { address: address(), status, body }));
        }
        let json: Value = serde_json::from_str(&body)
            .map_err(|cause| self.fault(EndpointFault::NoJson { address: address(), cause }))?;
        match json.get("text").and_then(Value::as_str) {
            Some(text) => Ok(Verdict::of_text(&line.text, text.trim().to_owned())),
            None => Err(self.fault(EndpointFault::NoText { address: address() })),
        }
    }
}

/// Returns the body of the request (RFC 7578).
fn form(model: &str, path: &Path, wav: &[u8]) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in [("model", model), ("language", "en"), ("response_format", "json")] {
        body.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let file: String =
        path.file_name().unwrap_or_default().to_string_lossy().chars().map(plain).collect();
    body.push_str(&format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file}\"\r\n\
         Content-Type: audio/wav\r\n\r\n"
    ));
    let mut body = body.into_bytes();
    body.extend_from_slice(wav);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

impl Judge for EndpointJudge {
    fn name(&self) -> &str {
        &self.name
    }

    fn batch(&self) -> usize {
        1
    }

    fn judge(
        &self,
        lines: &[JudgeLine],
        cancel: &CancelToken,
        _warn: &mut dyn FnMut(AudioWarning),
    ) -> Result<Vec<Verdict>, EvalError> {
        lines
            .iter()
            .map(|line| {
                if cancel.is_cancelled() {
                    return Err(SubjectError::Cancelled.into());
                }
                self.recognize(line)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Starts a server on the loopback interface that answers one request; returns its URL and the received request.
    fn serve(status: &str, body: &str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/", listener.local_addr().unwrap());
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(n) = line.to_lowercase().strip_prefix("content-length:") {
                    length = n.trim().parse().unwrap();
                }
                head.push_str(&line);
                if line == "\r\n" {
                    break;
                }
            }
            let mut got = vec![0; length];
            reader.read_exact(&mut got).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            head + &String::from_utf8_lossy(&got)
        });
        (url, server)
    }

    fn line(folder: &Path) -> JudgeLine {
        let wav = folder.join("one row.wav");
        fs::write(&wav, b"RIFFdata").unwrap();
        JudgeLine {
            wav,
            text: "Glue the sheet.".into(),
            prompt: None,
            rival: None,
            group: String::new(),
        }
    }

    #[test]
    fn a_recording_goes_out_as_a_form_and_text_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let (url, server) = serve("200 OK", r#"{"text": " glue a sheet"}"#);
        let judge = EndpointJudge::new("e", &url, "tiny", Some("secret")).unwrap();
        let verdicts =
            judge.judge(&[line(folder.path())], &CancelToken::default(), &mut |_| {}).unwrap();
        assert_eq!(verdicts[0].transcript.as_deref(), Some("glue a sheet"));
        assert_eq!(verdicts[0].words.as_ref().map(|w| w.errors), Some(1.0));
        let got = server.join().unwrap();
        for part in [
            "POST /v1/audio/transcriptions",
            "Bearer secret",
            "name=\"model\"\r\n\r\ntiny\r\n",
            "filename=\"one_row.wav\"",
            "RIFFdata",
        ] {
            assert!(got.contains(part), "{part} is missing in {got}");
        }
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let check = |status: &str, body: &str, expected: &str| {
            let (url, server) = serve(status, body);
            let judge = EndpointJudge::new("e", &url, "tiny", None).unwrap();
            let error = judge
                .judge(&[line(folder.path())], &CancelToken::default(), &mut |_| {})
                .unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            server.join().unwrap();
        };
        check("401 Unauthorized", "no key", "returned 401 Unauthorized: no key");
        check("200 OK", "<html>", "returned no JSON");
        check("200 OK", "{}", "returned no `text`");
        assert!(EndpointJudge::new("e", "ftp://x", "tiny", None).is_err());
    }
}
