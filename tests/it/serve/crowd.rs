//! Many connections, and clients that do not behave: the others do not notice.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use plimsoll::engine::random::{Purpose, Seed};

use super::actions::{launch, texts};
use super::process::Server;

/// Memory of a process \[bytes\].
fn memory(server: &Server) -> u64 {
    let pages = fs::read_to_string(format!("/proc/{}/statm", server.id())).unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// Asserts that a client is served as if it were alone.
#[expect(clippy::disallowed_methods, reason = "a client waits by the clock of the wall")]
fn is_served(server: &Server) {
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(server.post("/", "Action=DescribeInstances&MaxResults=5").0, 200);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
#[cfg(target_os = "linux")]
fn idle_connections_cost_little_and_keep_none_from_being_served() {
    // 10,000 need as many file descriptors in this process.
    let idle: usize = std::env::var("PLIMSOLL_IDLE").map_or(500, |idle| idle.parse().unwrap());
    let server = Server::start(&["--clock", "real"]);
    is_served(&server);
    let before = memory(&server);
    let connect = |number: usize| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        // Every second one has begun a request.
        if number.is_multiple_of(2) {
            stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Le").unwrap();
        }
        stream
    };
    let connections: Vec<TcpStream> = (0..idle).map(connect).collect();
    is_served(&server);
    let each = memory(&server).saturating_sub(before) / idle as u64;
    assert!(each < 40 << 10, "{each} bytes of memory a connection");
    drop(connections);
    is_served(&server);
    server.stop();
}

#[test]
fn slow_clients_hold_none_up() {
    let server = Server::start(&["--clock", "stepped"]);
    for _ in 0..16 {
        server.post("/", &launch(""));
    }
    let mut slow = Vec::new();
    for _ in 0..100 {
        // A reader that asks for many replies and reads none.
        let mut reader = TcpStream::connect(server.address()).unwrap();
        let request = "GET /api/v1/instances HTTP/1.1\r\nHost: x\r\n\r\n";
        reader.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
        let _ = reader.write_all(request.repeat(500).as_bytes());
        slow.push(reader);
        // A writer whose body never ends.
        let mut writer = TcpStream::connect(server.address()).unwrap();
        writer.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nAction=").unwrap();
        slow.push(writer);
    }
    is_served(&server);
    server.stop();
}

#[test]
fn bodies_of_any_bytes_are_refused_or_served() {
    let server = Server::start(&["--clock", "stepped"]);
    let id = texts(&server.post("/", &launch("")).1, "instanceId").remove(0);
    let mut random = Seed(22).stream(Purpose::Placement, 0);
    let seeds = [
        launch("&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a"),
        format!("Action=StopInstances&InstanceId.1={id}"),
        format!("Action=DescribeInstances&InstanceId.1={id}&Filter.1.Name=tag:a&Filter.1.Value.1=*"),
        "Action=CreateVolume&AvailabilityZone=a&Size=8&VolumeType=gp3".to_string(),
        "{\"fail\": {\"zone\": \"a\"}, \"for\": \"30m\"}".to_string(),
        "{\"imageId\": \"ami-1\", \"instanceType\": \"m5.large\"}".to_string(),
        "{\"advance\": \"15s\"}".to_string(),
    ];
    let paths = ["/", "/_plimsoll/fault", "/_plimsoll/clock", "/api/v1/instances", "/api/v1/volumes"];
    for _ in 0..600 {
        let mut body = seeds[random.below(seeds.len() as u64) as usize].clone().into_bytes();
        for _ in 0..random.below(4) {
            let at = random.below(body.len() as u64) as usize;
            match random.below(3) {
                0 => body[at] = random.below(256) as u8,
                1 => body.truncate(at.max(1)),
                _ => body.extend_from_within(at..),
            }
        }
        let path = paths[random.below(paths.len() as u64) as usize];
        let (status, answer) = server.post_bytes(path, &body);
        let shown = String::from_utf8_lossy(&body);
        // A full fleet is a 500 of EC2's, or a 503 of REST.
        let is_full = answer.contains("Insufficient");
        assert!((200..500).contains(&status) || is_full, "{path}: {shown}: {status} {answer}");
    }
    is_served(&server);
    server.stop();
}
