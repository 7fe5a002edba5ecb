//! The process: two that are called alike answer alike, to the byte; wrong requests harm nobody; a signal ends it with a result.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use assert_cmd::cargo::cargo_bin;

use super::actions::launch;

const SCENARIO: &str = "name = 'served'
lifecycle = { boot = '40s', stop = '20s', terminate = '15s' }
zones = [{ name = 'a', hosts = [{ count = 4, vcpu = 8, memory_gib = 32 }] }]
workload.arrivals = [{ process = { kind = 'poisson', per_hour = 300 }, types = { 'm5.large' = 1 }, \
lifetime = { kind = 'exponential', mean = '3m' } }]
";

/// A process that ends with its owner, also where a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already cannot be killed again.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server in a folder of its own.
pub struct Server {
    child: Running,
    address: String,
    folder: tempfile::TempDir,
    options: Vec<String>,
}

impl Server {
    pub fn start(options: &[&str]) -> Server {
        Server::start_with("", options)
    }

    /// The same with more settings in the scenario.
    pub fn start_with(more: &str, options: &[&str]) -> Server {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("s.toml"), format!("{more}{SCENARIO}")).unwrap();
        Server::start_in(folder, options.iter().map(ToString::to_string).collect())
    }

    /// Starts one in a folder with its scenario, `s.toml`.
    pub fn start_in(folder: tempfile::TempDir, options: Vec<String>) -> Server {
        let mut child = Command::new(cargo_bin("plimsoll"))
            .args(["serve", "s.toml", "--listen", "127.0.0.1:0", "-o", "out", "--no-report", "--quiet"])
            .args(&options)
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect("an address").to_string();
        Server { child: Running(child), address, folder, options }
    }

    /// Returns the folder that it works in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it without a warning, and starts another one with the same options.
    pub fn kill_and_restart(self) -> Server {
        self.kill_and_restart_after(|_| {})
    }

    /// The same, with something done in its folder in between.
    pub fn kill_and_restart_after(mut self, between: impl FnOnce(&Path)) -> Server {
        self.child.0.kill().unwrap();
        self.child.0.wait().unwrap();
        between(self.folder.path());
        Server::start_in(self.folder, self.options)
    }

    /// Sends a request as it is, and returns the whole answer.
    fn send(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        // A server may refuse before it has read everything.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends an action, and returns the connection on which its answer will come.
    pub fn begin(&self, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request("/", body).as_bytes()).unwrap();
        stream
    }

    /// Returns status and body.
    pub fn post(&self, path: &str, body: &str) -> (u16, String) {
        split(&self.send(request(path, body).as_bytes()))
    }

    /// Returns status and body; the body that is sent need not be text.
    pub fn post_bytes(&self, path: &str, body: &[u8]) -> (u16, String) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        split(&self.send(&[head.as_bytes(), body].concat()))
    }

    /// Returns the id of the process.
    pub fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// Returns status and body of what is at a path.
    pub fn get(&self, path: &str) -> (u16, String) {
        split(&self.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()))
    }

    /// Returns address and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Ends the server by a signal, and returns the folder with its result.
    pub fn stop(mut self) -> (PathBuf, tempfile::TempDir) {
        // SAFETY: the process is a child that has not been waited for.
        unsafe { libc::kill(self.child.0.id() as i32, libc::SIGTERM) };
        assert!(self.child.0.wait().unwrap().success(), "a signal is the regular end");
        (self.folder.path().join("out"), self.folder)
    }
}

/// Returns the request of an account.
fn request(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=team/20261130/us-east-1/ec2/aws4_request\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Makes a request of a server that may be gone; `None` without a whole answer.
pub fn try_post(address: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(request("/", body).as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let is_whole = answer.ends_with("</AllocateAddressResponse>");
    is_whole.then(|| split(&answer))
}

fn split(answer: &str) -> (u16, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_string())
}

pub fn digest(result: &Path) -> String {
    let summary = fs::read_to_string(result.join("summary.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&summary).unwrap()["digest"].as_str().unwrap().to_string()
}

/// Launches, waits and terminates; returns everything that was answered.
fn converse(server: &Server) -> Vec<(u16, String)> {
    let mut answers = Vec::new();
    let mut ids = Vec::new();
    for round in 0..30 {
        let launched = server.post(
            "/",
            "Action=RunInstances&ImageId=ami-1&InstanceType=m5.xlarge&MinCount=1&MaxCount=2&Version=2016-11-15",
        );
        ids.extend(launched.1.split("<instanceId>").skip(1).map(|rest| rest[..19].to_string()));
        answers.push(launched);
        answers.push(server.post("/_plimsoll/clock", "{\"advance\": \"30s\"}"));
        answers.push(server.post("/", "Action=DescribeInstances&MaxResults=5"));
        if round % 3 == 2 && !ids.is_empty() {
            answers
                .push(server.post("/", &format!("Action=TerminateInstances&InstanceId.1={}", ids.remove(0))));
        }
    }
    answers
}

#[test]
fn the_same_calls_get_the_same_answers_to_the_byte() {
    let runs = [0, 1].map(|_| {
        let server = Server::start(&["--clock", "stepped"]);
        let answers = converse(&server);
        let (result, _folder) = server.stop();
        (answers, digest(&result))
    });
    assert!(runs[0].0.iter().any(|(status, _)| *status == 500), "the fleet is full at times");
    assert!(runs[0].0.iter().filter(|(status, _)| *status == 200).count() > 60);
    assert_eq!(runs[0], runs[1]);
}

/// A client of one thread has nobody who turns the clock while it waits.
#[test]
fn a_stepped_clock_goes_to_an_answer_that_takes_longer_than_its_jump() {
    let gateway = |service: &str| {
        format!(
            "control_plane = {{ preset = 'zero', gateway.service = {{ kind = 'constant', value = '{service}' }} }}\n"
        )
    };
    let server = Server::start_with(&gateway("20s"), &["--clock", "stepped", "--auto-advance", "1s"]);
    let (status, answer) = server.post("/", &launch("&Placement.AvailabilityZone=a"));
    assert_eq!(status, 200, "{answer}");
    let clock: serde_json::Value = serde_json::from_str(&server.get("/_plimsoll/clock").1).unwrap();
    assert!((20.0..21.0).contains(&clock["now_s"].as_f64().unwrap()), "{clock}");
    server.stop();
}

#[test]
fn wrong_requests_harm_nobody() {
    let server = Server::start(&["--clock", "stepped"]);
    let long = "x".repeat(10 << 20);
    let (status, _) = server.post("/", &long);
    assert_eq!(status, 413);
    for (request, expected) in [
        ("GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        ("DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
        (
            "POST /_plimsoll/clock HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\n{\"a",
            400,
        ),
        ("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ("nonsense\r\n\r\n", 400),
    ] {
        assert_eq!(split(&format!("{}\r\n\r\n", server.send(request.as_bytes()))).0, expected, "{request}");
    }
    for body in [
        "%",
        "&&&",
        "Action",
        "Action=%ff%00",
        "Action=RunInstances&MinCount=99999999999999",
        "=",
        "\u{1f600}",
    ] {
        assert_eq!(server.post("/", body).0, 400, "{body}");
    }
    let silent = TcpStream::connect(&server.address).unwrap();
    assert_eq!(server.post("/", "Action=DescribeInstances").0, 200);
    assert_eq!(server.post("/_plimsoll/clock", "{\"advance\": \"-1s\"}").0, 400);
    drop(silent);
    let (status, metrics) = server.get("/metrics");
    assert!(
        status == 200 && metrics.contains("plimsoll_calls_total{operation=\"describe\"} 1\n"),
        "{metrics}"
    );
    let (status, document) = server.get("/api/v1/openapi.json");
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!((status, document["openapi"].as_str()), (200, Some("3.1.0")));
    assert_eq!(server.get("/api/v1/instances").0, 200);
    server.stop();
}

#[test]
fn a_signal_ends_it_with_the_result_of_a_run() {
    let server = Server::start(&["--clock", "scaled=600"]);
    assert_eq!(server.post("/_plimsoll/clock", "{\"advance\": \"1s\"}").0, 409, "its clock runs by itself");
    let (status, summary) = server.get("/_plimsoll/summary");
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!((status, summary["scenario"].as_str()), (200, Some("served")));
    let (result, _folder) = server.stop();
    for file in ["summary.json", "manifest.json", "timeseries.csv", "failures.csv", "billing.csv"] {
        assert!(result.join(file).exists(), "{file}");
    }
    let scenario = fs::read_to_string(result.join("manifest.json")).unwrap();
    assert!(scenario.contains("\"seed\": 42"), "{scenario}");
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let no_text = OsStr::from_bytes(b"forks-\xff");
    let text = OsStr::new;
    for options in [
        [text("--auto-advance"), text("15s")],
        [text("--clock"), text("scaled=0")],
        [text("--listen"), text("nowhere")],
        [text("--checkpoint-dir"), no_text],
        [text("--checkpoint-dir"), text("results/runs/quickstart/forks")],
    ] {
        let output = Command::new(cargo_bin("plimsoll"))
            .args(["serve", "--example", "quickstart"])
            .args(options)
            .current_dir(tempfile::tempdir().unwrap().path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}");
    }
}
