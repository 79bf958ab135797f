//! The rules of the house that no compiler holds: where names may occur, what may depend on what,
//! and that the template, the contract and the tree agree.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use telephony::api::operations::operations;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every tracked or new file that git does not ignore.
fn files() -> Vec<String> {
    let listing = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the tree");
    let text = String::from_utf8(listing.stdout).unwrap();
    text.lines().filter(|file| root().join(file).is_file()).map(str::to_owned).collect()
}

fn sources() -> Vec<(String, String)> {
    files()
        .into_iter()
        .filter(|file| file.ends_with(".rs"))
        .map(|file| (read(&file), file))
        .map(|(t, f)| (f, t))
        .collect()
}

fn functions() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The production part of a source: what is before its `#[cfg(test)]`.
fn production(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

/// The packages that a package's binary is built of.
fn tree(package: &str) -> BTreeSet<String> {
    let listing = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "-e", "normal", "--prefix", "none", "-f", "{p}", "-p", package])
        .current_dir(root())
        .output()
        .expect("cargo tree runs");
    assert!(listing.status.success(), "{}", String::from_utf8_lossy(&listing.stderr));
    let text = String::from_utf8(listing.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn only_the_registry_matches_on_a_provider() {
    for (file, text) in sources() {
        let allowed = file == "shared/src/provider/registry.rs"
            || file == "shared/src/provider/mod.rs"
            || file.starts_with("shared/src/providers/")
            || file.starts_with("shared/testkit/")
            || file.contains("/tests/")
            || file.ends_with("_tests.rs")
            || file.ends_with("/tests.rs")
            || file.starts_with("simulator/")
            || file.starts_with("bench/");
        let names: usize = ["Twilio", "SignalWire", "Telnyx", "Retell"]
            .iter()
            .map(|name| production(&text).matches(&format!("ProviderId::{name}")).count())
            .sum();
        assert!(allowed || names == 0, "{file} names a provider");
    }
}

#[test]
fn providers_do_not_know_each_other_except_the_declared_dialect() {
    for (file, text) in sources() {
        if file.starts_with("shared/src/providers/twilio/") {
            assert!(!production(&text).contains("signalwire::"), "{file}");
        }
    }
}

#[test]
fn only_one_crate_names_the_http_client() {
    for (file, text) in sources() {
        let names = text.contains("use reqwest") || text.contains("reqwest::");
        assert!(
            file.starts_with("shared/http/") || file == "shared/tests/tidy.rs" || !names,
            "{file} names reqwest"
        );
    }
}

#[test]
fn the_domain_knows_neither_aws_nor_lambda_nor_a_runtime() {
    for package in tree("telephony") {
        let banned = package.starts_with("aws-")
            || package.starts_with("lambda_")
            || ["tokio", "reqwest", "hyper", "rustls"].contains(&package.as_str());
        assert!(!banned, "telephony depends on {package}");
    }
    for package in tree("telephony-lambda") {
        assert!(
            !package.starts_with("aws-sdk-") && package != "reqwest",
            "telephony-lambda depends on {package}"
        );
    }
}

#[test]
fn webhooks_cannot_dial() {
    for function in ["sms-webhook", "status-callback"] {
        assert!(!tree(function).contains("reqwest"), "{function} carries an HTTP client for providers");
    }
    for function in functions() {
        let packages = tree(&function);
        assert!(!packages.contains("openssl-sys") && !packages.contains("native-tls"), "{function}");
    }
}

#[test]
fn every_crate_obeys_the_lints_and_takes_its_versions_from_the_workspace() {
    for file in files().into_iter().filter(|file| file.ends_with("Cargo.toml") && file != "Cargo.toml") {
        let text = read(&file);
        assert!(text.contains("[lints]\nworkspace = true"), "{file} does not inherit the lints");
        let manifest: toml::Table = text.parse().unwrap();
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, entry) in manifest.get(section).and_then(toml::Value::as_table).into_iter().flatten() {
                let inherited = entry.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                assert!(inherited, "{file}: {name} has a version of its own");
            }
        }
    }
}

#[test]
fn a_function_is_one_small_binary_named_as_its_folder() {
    let names = functions();
    assert!(names.len() <= 30, "at most 30 functions");
    for name in names {
        let manifest: toml::Table = read(&format!("functions/{name}/Cargo.toml")).parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some(name.as_str()));
        assert!(manifest.get("bin").is_none(), "{name} has one binary, its own");
        let handler = read(&format!("functions/{name}/src/handler.rs"));
        for word in ["std::env", "SystemClock", "Timestamp::now", "dynamodb"] {
            assert!(!handler.contains(word), "functions/{name}: the handler is given {word}");
        }
    }
}

#[test]
fn files_are_small_and_named_for_what_they_hold() {
    for (file, text) in sources() {
        let stem = Path::new(&file).file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(!["utils", "util", "common", "helpers", "helper", "misc"].contains(&stem.as_str()), "{file}");
        assert!(text.lines().count() <= 500, "{file} has {} lines: two things?", text.lines().count());
    }
}

#[test]
fn nothing_prints_sleeps_or_is_ignored() {
    for (file, text) in sources() {
        if file == "shared/tests/tidy.rs" {
            continue;
        }
        assert!(!text.contains("#[ignore"), "{file} ignores a test");
        assert!(!text.contains("thread::sleep"), "{file} sleeps");
    }
}

#[test]
fn the_template_has_exactly_the_routes_of_the_contract() {
    let template = read("template.yaml");
    let routed: BTreeSet<String> = template
        .lines()
        .filter_map(|line| line.split("RouteKey:").nth(1))
        .map(|key| key.trim().trim_matches(['"', '\'']).to_owned())
        .collect();
    let described: BTreeSet<String> =
        operations().map(|operation| format!("{} {}", operation.method, operation.path)).collect();
    assert_eq!(routed, described);
}

#[test]
fn the_template_has_exactly_the_functions_of_the_tree() {
    let template = read("template.yaml");
    for name in functions() {
        assert!(template.contains(&format!("/{name}")), "template.yaml has no CodeUri for {name}");
    }
}

#[test]
fn links_in_the_documents_resolve() {
    for file in files().into_iter().filter(|file| file.ends_with(".md")) {
        let folder = root().join(&file).parent().unwrap().to_path_buf();
        for target in read(&file).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            assert!(folder.join(path).exists(), "{file} links to {target}");
        }
    }
}

/// The lease of an attempt rests on this: past it, the process that began the attempt is dead.
#[test]
fn the_lease_of_an_attempt_outlasts_the_worker() {
    let template = read("template.yaml");
    let worker =
        template.split("\n  OutboundWorkerFunction:").nth(1).expect("the template has the outbound worker");
    let timeout = worker.split("Timeout:").nth(1).and_then(|rest| rest.lines().next()).map(str::trim);
    let seconds: u64 = timeout.and_then(|text| text.parse().ok()).expect("its timeout is a number");
    assert!(telephony::app::deliver::LEASE.as_secs() > seconds);
}

/// The same of a try to tell somebody of an event.
#[test]
fn the_lease_of_a_try_outlasts_the_event_worker() {
    let template = read("template.yaml");
    let worker =
        template.split("\n  EventWorkerFunction:").nth(1).expect("the template has the event worker");
    let timeout = worker.split("Timeout:").nth(1).and_then(|rest| rest.lines().next()).map(str::trim);
    let seconds: u64 = timeout.and_then(|text| text.parse().ok()).expect("its timeout is a number");
    assert!(telephony::app::post_event::LEASE.as_secs() > seconds);
}
