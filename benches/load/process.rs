//! The server as a process, and what processes take.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) struct Server {
    child: Child,
    pub(crate) socket: PathBuf,
    pub(crate) http: u16,
    pub(crate) grpc: u16,
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Self {
        let server = Self::start_quickly(folder);
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", server.grpc)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(10), "the server does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        server
    }

    /// Without waiting until it listens.
    pub(crate) fn start_quickly(folder: &Path) -> Self {
        let (http, grpc) = (free_port(), free_port());
        let socket = folder.join("bench.sock");
        let _ = std::fs::remove_file(&socket);
        let address = |port: u16| format!("127.0.0.1:{port}");
        let child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .current_dir(folder)
            .args(["serve", "acme.bundle", "--listen", &format!("unix:{}", socket.display())])
            .args(["--listen", &address(http), "--grpc", &address(grpc), "--interval", "20ms"])
            .args(["--trust", "127.0.0.1", "--trust", "unix", "--principal", "header:x-principal"])
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        Self { child, socket, http, grpc }
    }

    /// Seconds of CPU so far.
    pub(crate) fn cpu(&self) -> f64 {
        cpu(&self.child.id().to_string())
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn own_cpu() -> f64 {
    cpu("self")
}

/// User and system time, in hundredths of a second on every Linux.
fn cpu(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    [11, 12].iter().filter_map(|&place| fields.get(place)?.parse::<f64>().ok()).sum::<f64>() / 100.0
}
