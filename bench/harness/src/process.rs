//! A function's process, seen through `/proc`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Error;

/// A share of one core, held by a control group of the kernel.
#[derive(Clone, Debug)]
pub struct Share(PathBuf);

/// Lambda gives a function of 1 769 MB one core and smaller ones their part of it.
const MEMORY_OF_A_CORE: u32 = 1_769;
/// Microseconds. Lambda's; the kernel's default is five times as long.
const PERIOD: u32 = 20_000;

impl Share {
    /// The share of a function with this much memory; `None` where the kernel does not let us.
    pub fn of_memory(megabytes: u32) -> Option<Self> {
        let quota = (PERIOD * megabytes / MEMORY_OF_A_CORE).to_string();
        let name = format!("tandem-bench-{}", std::process::id());
        let first = PathBuf::from("/sys/fs/cgroup/cpu").join(&name);
        if fs::create_dir(&first).is_ok() {
            let share = Self(first);
            let set = |file: &str, value: &str| fs::write(share.0.join(file), value);
            set("cpu.cfs_period_us", &PERIOD.to_string())
                .and_then(|()| set("cpu.cfs_quota_us", &quota))
                .ok()?;
            return Some(share);
        }
        let second = PathBuf::from("/sys/fs/cgroup").join(&name);
        fs::create_dir(&second).ok()?;
        let share = Self(second);
        fs::write(share.0.join("cpu.max"), format!("{quota} {PERIOD}")).ok()?;
        Some(share)
    }

    /// Its folder goes when the benchmark does.
    pub fn remove(&self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// A running function; ended when it is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
    /// When it was started.
    pub began: Instant,
}

impl Process {
    /// Starts a binary with this environment and no other.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        binary: &Path,
        variables: &[(String, String)],
        share: Option<&Share>,
        log: PathBuf,
    ) -> Result<Self, Error> {
        let mut command = match share {
            None => Command::new(binary),
            Some(Share(folder)) => {
                // The shell enters the group and then becomes the function.
                let mut command = Command::new("/bin/sh");
                command.args(["-c", r#"echo $$ > "$0/cgroup.procs" && exec "$1""#]).arg(folder).arg(binary);
                command
            }
        };
        command.env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
        let out = File::create(&log)?;
        command.stdin(Stdio::null()).stderr(out.try_clone()?).stdout(out);
        let began = Instant::now();
        let child = command.spawn().map_err(|error| format!("{}: {error}", binary.display()))?;
        Ok(Self { child, log, began })
    }

    /// The CPU time of all its threads: exact while they sleep.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn cpu(&self) -> Result<Duration, Error> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The most memory that it had, in bytes.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn peak_memory(&self) -> Result<u64, Error> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
    }

    /// How much it has logged: bytes and lines.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn logged(&self) -> Result<(u64, u64), Error> {
        let text = fs::read(&self.log)?;
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        Ok((u64::try_from(text.len())?, u64::try_from(lines)?))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
