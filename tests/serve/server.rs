//! A server that a test starts, and a client that may say anything.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portcullis::Builder;
use serde_json::Value;

pub(crate) const ALICE: &str = "arn:aws:iam::123456789012:user/alice";
pub(crate) const BOB: &str = "arn:aws:iam::123456789012:user/bob";

/// Alice may read reports below `/reports`, from the office, and, of numbers above 0, those of that many folders more.
pub(crate) fn bundle(number: usize) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "account 123456789012 {{
           user alice {{ inline p {{
             allow reports:Read on arn:acme:reports:::*
             allow reports:Write on arn:acme:reports:::drafts/* if aws:SourceIp in 10.0.0.0/8
             allow reports:Write on arn:acme:reports:::safe/* if aws:SecureTransport = true
             allow s3:GetObject on arn:aws:s3:::b{number}/*
           }} }}
           user bob {{ inline p {{ allow reports:Read on arn:acme:reports:::public/* }} }}
         }}
         route GET /reports/{{id}} => reports:Read on arn:acme:reports:::{{id}}
         route GET /files/{{path*}} => reports:Read on arn:acme:reports:::{{path}}
         route PUT /safe/{{id}} => reports:Write on arn:acme:reports:::safe/{{id}}
         route [PUT, POST] /drafts/{{id}} => reports:Write on arn:acme:reports:::drafts/{{id}}
        "
    );
    std::fs::write(folder.path().join("a.gate"), text).unwrap();
    Builder::new().input(folder.path()).build().unwrap()
}

/// For tests that hold as many connections as a process may have files: one at a time.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static CROWD: Mutex<()> = Mutex::new(());
    CROWD.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct Server {
    child: Child,
    pub(crate) folder: tempfile::TempDir,
    listening: Vec<(String, String)>,
    said: Arc<Mutex<Vec<Value>>>,
}

impl Server {
    /// A server of the first bundle that listens everywhere.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("acme.bundle"), bundle(1)).unwrap();
        Self::start_in(folder, "acme.bundle", arguments)
    }

    pub(crate) fn start_in(folder: tempfile::TempDir, source: &str, arguments: &[&str]) -> Self {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_portcullis")), folder, source, arguments)
    }

    /// The same on a disk that is nearly full: no file grows beyond a kilobyte.
    pub(crate) fn start_on_full_disk(folder: tempfile::TempDir, source: &str, arguments: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        // Blocks of 512 bytes or of 1,024, as the shell likes. A write beyond them fails, and does not end the process.
        shell.args([
            "-c",
            "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\" >> out",
            env!("CARGO_BIN_EXE_portcullis"),
        ]);
        Self::start_as(shell, folder, source, arguments)
    }

    /// The same of the first bundle.
    pub(crate) fn start_in_full(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("acme.bundle"), bundle(1)).unwrap();
        Self::start_on_full_disk(folder, "acme.bundle", arguments)
    }

    fn start_as(mut program: Command, folder: tempfile::TempDir, source: &str, arguments: &[&str]) -> Self {
        let socket = format!("unix:{}", folder.path().join("http.sock").display());
        let mut child = program
            .current_dir(folder.path())
            .args(["serve", source, "--listen", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--listen", &socket])
            .args(["--messages", "json", "--interval", "20ms"])
            .args(arguments)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                all.lock().unwrap().push(value);
            }
        });
        let mut server = Self { child, folder, listening: Vec::new(), said };
        let more = arguments.iter().filter(|argument| matches!(**argument, "--admin" | "--grpc"));
        let count = 3 + more.count();
        until("the server listens", || {
            assert!(server.child.try_wait().unwrap().is_none(), "ended: {:?}", server.said.lock().unwrap());
            let said = server.said.lock().unwrap();
            let listening = said.iter().filter(|line| line["message"] == "listening");
            let field = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
            server.listening =
                listening.map(|line| (field(line, "speaks"), field(line, "address"))).collect();
            server.listening.len() == count
        });
        server
    }

    fn address(&self, speaks: &str) -> String {
        let mut found =
            self.listening.iter().filter(|(name, address)| name == speaks && !address.starts_with("unix:"));
        found.next().unwrap().1.clone()
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.address("http").parse().unwrap()
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.address("admin").parse().unwrap()
    }

    pub(crate) fn grpc(&self) -> String {
        format!("http://{}", self.address("grpc"))
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("http.sock")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces a file of the server's folder as a build does.
    pub(crate) fn replace(&self, name: &str, bytes: &[u8]) {
        portcullis::files::write_whole(&self.path(name), bytes).unwrap();
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.http()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Reply {
        exchange(&mut self.connect(), &post(path, body))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        exchange(&mut self.connect(), &format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
    }

    /// A question as nginx asks it.
    pub(crate) fn auth(&self, method: &str, uri: &str, headers: &str) -> Reply {
        exchange(&mut self.connect(), &auth(method, uri, headers))
    }

    /// What a metric says; 0 where it is not there.
    pub(crate) fn metric(&self, line: &str) -> f64 {
        // Where the process is asked by itself, no limit of connections stands between.
        let address = self.listening.iter().find(|(speaks, _)| speaks == "admin");
        let address = address.map_or_else(|| self.http(), |(_, address)| address.parse().unwrap());
        let mut stream = TcpStream::connect(address).unwrap();
        let text = exchange(&mut stream, "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").body;
        let found = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        found.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Waits until a metric says something.
    pub(crate) fn until(&self, metric: &str, holds: impl Fn(f64) -> bool) {
        until(metric, || holds(self.metric(metric)));
    }

    pub(crate) fn said(&self, message: &str) -> bool {
        self.said.lock().unwrap().iter().any(|line| line.to_string().contains(message))
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Tells it to end, and waits for that: its exit status.
    pub(crate) fn end(&mut self) -> Option<i32> {
        self.signal("TERM");
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(start.elapsed() < Duration::from_secs(30), "does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ten thousand connections, or as many as this process and the server may hold open, each opened so.
pub(crate) fn ten_thousand(open: impl Fn() -> TcpStream) -> Vec<TcpStream> {
    let most = rlimit::increase_nofile_limit(10_300).unwrap_or(1_024).saturating_sub(300).min(10_000);
    if most < 10_000 {
        eprintln!("SKIPPED in part: {most} connections instead of 10,000, since no more files may be open");
    }
    (0..most).map(|_| open()).collect()
}

pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

pub(crate) fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn auth(method: &str, uri: &str, headers: &str) -> String {
    format!(
        "GET /v1/auth HTTP/1.1\r\nhost: x\r\nx-original-method: {method}\r\nx-original-uri: {uri}\r\n{headers}\r\n"
    )
}

/// Sends a request and reads the answer, on a connection that may be used again.
pub(crate) fn exchange(stream: &mut (impl Read + Write), request: &str) -> Reply {
    stream.write_all(request.as_bytes()).unwrap();
    read(stream).expect("an answer")
}

/// What a client gets through a proxy on this port.
pub(crate) fn through(port: u16, method: &str, path: &str, headers: &str) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    exchange(&mut stream, &request).status
}

/// Reads an answer; `None` where the connection ends before it.
pub(crate) fn read(stream: &mut impl Read) -> Option<Reply> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Reply { status, head, body: String::from_utf8(body).unwrap() })
}

pub(crate) fn unix(path: &Path) -> UnixStream {
    UnixStream::connect(path).unwrap()
}

/// A question about a file of the numbered bucket.
pub(crate) fn question(principal: &str, number: usize) -> String {
    format!(
        "{{\"principal\": \"{principal}\", \"action\": \"s3:GetObject\", \"resource\": \"arn:aws:s3:::b{number}/x\"}}"
    )
}
