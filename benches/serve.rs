//! The speed of `plimsoll serve`: calls a second and how long they take, with 100,000 instances, the clients on the same machine.
//!
//! `cargo bench --bench serve` prints a table in Markdown. `PLIMSOLL` names the program, else it is the release build; `MOTO` names
//! the program `moto_server` to be measured beside it, with a hundredth of the instances, since it takes minutes for all. `-- --smoke`
//! runs everything at a hundredth of its size, to see that it works.

#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const SCENARIO: &str = "
name = 'speed'
zones = [{ name = 'us-east-1a', hosts = [{ count = 20_000, vcpu = 64, memory_gib = 256 }] }]
[workload]
";

/// Connections at once, each with a call on its way.
const CONNECTIONS: usize = 16;

/// Mix of calls, of which a connection makes one after the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mix {
    /// Nine of ten ask for an instance by its id, one for a page of five.
    Describe,
    /// Launches and terminations by turns, each of the instance launched before.
    RunTerminate,
}

/// Connection to a server that is kept.
struct Connection {
    address: String,
    stream: BufReader<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    fn new(address: &str) -> Connection {
        Connection { address: address.to_string(), stream: Connection::open(address), buffer: Vec::new() }
    }

    fn open(address: &str) -> BufReader<TcpStream> {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket of this machine");
        BufReader::new(stream)
    }

    /// Makes a call; returns status and body.
    fn call(&mut self, form: &str) -> (u16, String) {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nAuthorization: \
             AWS4-HMAC-SHA256 Credential=team/20261130/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).expect("the server reads");
        let (mut status, mut length, mut ends) = (0, 0, false);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("the server answers");
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().expect("a status");
            } else if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.parse().expect("a length");
            } else if line == "connection: close" {
                ends = true;
            } else if line.is_empty() {
                break;
            }
        }
        self.buffer.resize(length, 0);
        self.stream.read_exact(&mut self.buffer).expect("the server answers");
        if ends {
            self.stream = Connection::open(&self.address);
        }
        (status, String::from_utf8_lossy(&self.buffer).into_owned())
    }
}

fn ids(body: &str) -> impl Iterator<Item = String> + '_ {
    body.split("<instanceId>").skip(1).map(|rest| rest.split('<').next().unwrap_or_default().to_string())
}

fn launch(count: usize) -> String {
    format!(
        "Action=RunInstances&Version=2016-11-15&ImageId=ami-12c6146b&InstanceType=m5.large&MinCount={count}&MaxCount={count}"
    )
}

/// Server that is measured, with the names of some of its instances.
struct Measured {
    address: String,
    instances: Vec<String>,
    child: Child,
}

impl Drop for Measured {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Measured {
    fn fill(child: Child, address: String, count: usize) -> Measured {
        let mut connection = Connection::new(&address);
        let mut instances = Vec::new();
        for _ in 0..count.div_ceil(1000) {
            let (status, body) = connection.call(&launch(count.min(1000)));
            assert_eq!(status, 200, "{body}");
            instances.extend(ids(&body));
        }
        Measured { address, instances, child }
    }

    /// Makes calls for so long; returns the time that each took, in order of size, and the number that failed.
    fn measure(&self, mix: Mix, length: Duration) -> (Vec<Duration>, usize) {
        let client = |number: usize| {
            let mut connection = Connection::new(&self.address);
            let (mut took, mut failed, mut own) = (Vec::new(), 0, None);
            let (end, mut draw) = (Instant::now() + length, number as u64 + 1);
            while Instant::now() < end {
                draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let form = match (mix, own.take()) {
                    (Mix::Describe, _) if (draw >> 33).is_multiple_of(10) => {
                        "Action=DescribeInstances&Version=2016-11-15&MaxResults=5".to_string()
                    }
                    (Mix::Describe, _) => {
                        let id = &self.instances[(draw >> 33) as usize % self.instances.len()];
                        format!("Action=DescribeInstances&Version=2016-11-15&InstanceId.1={id}")
                    }
                    (Mix::RunTerminate, Some(id)) => {
                        format!("Action=TerminateInstances&Version=2016-11-15&InstanceId.1={id}")
                    }
                    (Mix::RunTerminate, None) => launch(1),
                };
                let began = Instant::now();
                let (status, body) = connection.call(&form);
                took.push(began.elapsed());
                failed += usize::from(status != 200);
                if mix == Mix::RunTerminate && form.contains("RunInstances") {
                    own = ids(&body).next();
                }
            }
            (took, failed)
        };
        thread::scope(|scope| {
            let clients: Vec<_> =
                (0..CONNECTIONS).map(|number| scope.spawn(move || client(number))).collect();
            let (mut all, mut failed) = (Vec::new(), 0);
            for client in clients {
                let (took, wrong) = client.join().expect("a client ends");
                all.extend(took);
                failed += wrong;
            }
            all.sort_unstable();
            (all, failed)
        })
    }
}

fn plimsoll(folder: &Path, more: &[&str], count: usize) -> Measured {
    let program = env::var("PLIMSOLL").unwrap_or_else(|_| "target/release/plimsoll".to_string());
    let program = fs::canonicalize(&program).unwrap_or_else(|error| panic!("{program}: {error}"));
    fs::write(folder.join("s.toml"), SCENARIO).expect("a folder takes files");
    let mut child = Command::new(program)
        .args(["serve", "s.toml", "--listen", "127.0.0.1:0", "--no-report", "--quiet", "-o", "out"])
        .args(more)
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stderr.take().expect("it was piped"))
        .read_line(&mut line)
        .expect("it tells its address");
    let address = line.trim().strip_prefix("listening on http://").expect("an address").to_string();
    Measured::fill(child, address, count)
}

fn moto(program: &str, count: usize) -> Measured {
    let address = "127.0.0.1:18766".to_string();
    let child = Command::new(program)
        .args(["-p", "18766"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("moto_server starts");
    let began = Instant::now();
    while TcpStream::connect(&address).is_err() {
        assert!(began.elapsed() < Duration::from_secs(60), "moto_server does not listen");
        thread::sleep(Duration::from_millis(100));
    }
    Measured::fill(child, address, count)
}

fn main() {
    let is_smoke = env::args().any(|word| word == "--smoke");
    let (count, length) = if is_smoke { (1_000, 1) } else { (100_000, 10) };
    let length = Duration::from_secs(length);
    println!("| server | instances | mix | calls/s | median | p99 | failed |\n|---|--:|---|--:|--:|--:|--:|");
    let tell = |name: &str, server: &Measured| {
        for (mix, what) in [(Mix::Describe, "describe"), (Mix::RunTerminate, "run, terminate")] {
            let (took, failed) = server.measure(mix, length);
            let rate = took.len() as f64 / length.as_secs_f64();
            let ms = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
            let count = server.instances.len();
            println!(
                "| {name} | {count} | {what} | {rate:.0} | {:.2} ms | {:.2} ms | {failed} |",
                ms(0.5),
                ms(0.99)
            );
        }
    };
    let folder = tempfile::tempdir().expect("a folder for a scenario");
    tell("plimsoll serve", &plimsoll(folder.path(), &[], count));
    tell("plimsoll serve --journal", &plimsoll(folder.path(), &["--journal", "j"], count));
    if let Ok(program) = env::var("MOTO") {
        tell("moto_server", &moto(&program, (count / 100).max(10)));
    }
}
