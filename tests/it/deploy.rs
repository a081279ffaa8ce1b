//! What is shipped to run the server with: the proxy's configuration, the unit of systemd, compose.yaml and the script that
//! makes the database. Each is tried with its own program where that is at hand, and skipped aloud where it is not; what
//! only an engine of containers could run is read and looked at.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{Client, TestApp, query_path, request};
use crate::nodes::postgres::{Postgres, free_port};
use crate::place::say;

/// A file of the repository.
fn shipped(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is in the repository")
}

/// A program, where this system has it.
fn program(name: &str) -> Option<PathBuf> {
    let found = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/bin"].map(|folder| Path::new(folder).join(name)).into_iter().find(|path| path.exists());
    if found.is_none() {
        say(&format!("skipped: {name} is not at hand, so what is shipped for it was not tried"));
    }
    found
}

/// The proxy's configuration with addresses and folders of this machine.
fn configuration(folder: &Path, address: SocketAddr, node: SocketAddr, edit: &[(&str, &str)]) -> PathBuf {
    let mut text = shipped("deploy/nginx.conf");
    let here = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {here}/{name};")).join("\n");
    let (node, listen) = (node.to_string(), format!("listen {address};"));
    let (log, head) =
        (format!("access_log {here}/access.log"), format!("daemon off;\npid {here}/nginx.pid;\nerror_log {here}/error.log notice;\nhttp {{\n{temporary}"));
    let own = [
        ("node-a:8080", node.as_str()),
        ("node-b:8080", "127.0.0.1:9"),
        ("listen 8080;", &listen),
        ("access_log /var/log/nginx/access.log", &log),
        ("http {", &head),
    ];
    for (is, becomes) in own.iter().chain(edit) {
        assert!(text.contains(is), "{is}");
        text = text.replace(is, becomes);
    }
    let file = folder.join("nginx.conf");
    fs::write(&file, text).expect("written");
    file
}

/// nginx before a server, ended with the test.
struct Proxy {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Proxy {
    fn before(node: SocketAddr, edit: &[(&str, &str)]) -> Option<Self> {
        let nginx = program("nginx")?;
        let folder = tempfile::tempdir().expect("a folder");
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let file = configuration(folder.path(), address, node, edit);
        let child = Command::new(nginx).arg("-e").arg(folder.path().join("error.log")).arg("-c").arg(&file).spawn().expect("it starts");
        let proxy = Self { child, address, folder };
        let is_up = (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            Client::to(address).is_ok_and(|mut client| client.ask("GET", "/health/live", &[], b"").is_some_and(|reply| reply.status == 200))
        });
        assert!(is_up, "{}", proxy.said("error.log"));
        Some(proxy)
    }

    fn said(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap_or_default()
    }

    fn client(&self) -> Client {
        Client::to(self.address).expect("the proxy is there")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Asked to, as a proxy that is killed leaves its workers behind.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

#[test]
fn through_the_proxy_questions_are_answered_and_nobody_reads_what_is_counted() {
    let app = TestApp::with(|settings| settings.http.client_header = "x-real-ip".into());
    let Some(proxy) = Proxy::before(app.address(), &[]) else { return };
    let reply = proxy.client().ask("GET", &query_path("{ states(first: 3) { nodes { name } } }"), &[], b"").expect("an answer");
    assert_eq!((reply.status, reply.json()["data"]["states"]["nodes"].as_array().map(Vec::len)), (200, Some(3)));
    let spellings =
        ["/metrics", "/metrics?x", "/metrics/", "//metrics", "/%6detrics", "/./metrics", "/graphql/../metrics", "/METRICS", "/metrics;x", "/metrics%20"];
    for path in spellings {
        let reply = proxy.client().ask("GET", path, &[], b"").expect("an answer");
        assert!(reply.status >= 400 && !reply.text().contains("silkroutes_"), "{path}: {reply:?}");
    }
    // A line is written when its answer has gone out.
    let is_told = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        proxy.said("access.log").contains(" GET /graphql 200 ")
    });
    let log = proxy.said("access.log");
    assert!(is_told, "{log}");
    assert!(!log.contains("states"), "no question is logged: {log}");
}

#[test]
fn the_proxy_bounds_what_one_address_asks_for_at_once_and_in_a_second() {
    let app = TestApp::with(|settings| settings.http.client_header = "x-real-ip".into());
    let Some(proxy) = Proxy::before(app.address(), &[]) else { return };
    let statuses: Vec<u16> = {
        let mut client = proxy.client();
        (0..1_500).map_while(|_| client.ask("GET", "/health/live", &[], b"").map(|reply| reply.status)).collect()
    };
    let served = statuses.iter().filter(|status| **status == 200).count();
    assert!((200..1_500).contains(&served) && statuses.contains(&429), "{served} of {} were served", statuses.len());
    // Readers that read nothing: more than so many at once are told so, and the server works for none of those.
    let Some(proxy) = Proxy::before(app.address(), &[("rate=50r/s", "rate=10000r/s"), ("burst=200", "burst=1000")]) else { return };
    let body = json!({ "query": long_answer() }).to_string();
    let mut silent: Vec<Client> = (0..120)
        .map(|_| {
            let mut client = proxy.client();
            client.write(&request("POST", "/graphql", &[("content-type", "application/json")], body.as_bytes()));
            client
        })
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    let refused = silent.iter_mut().filter_map(|client| {
        client.socket().set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
        client.read().filter(|reply| reply.status == 429)
    });
    assert!(refused.count() >= 60, "forty at once are enough for one address");
}

/// Takes more than the sockets between hold.
fn long_answer() -> String {
    let bodies: Vec<String> = (0..40).map(|n| format!("b{n}: body")).collect();
    format!("{{ goodPractices(first: 100) {{ nodes {{ {} }} }} }}", bodies.join(" "))
}

#[test]
fn the_lines_for_tls_are_ones_that_nginx_takes() {
    let (Some(nginx), Some(openssl)) = (program("nginx"), program("openssl")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path().display().to_string();
    let made = Command::new(openssl)
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=silkroutes.example", "-keyout", "key.pem", "-out", "fullchain.pem"])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .status();
    assert!(made.expect("it runs").success());
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let tls = format!("listen {} ", SocketAddr::from(([127, 0, 0, 1], free_port())));
    let file = configuration(folder.path(), address, address, &[("#tls ", ""), ("/etc/nginx/tls", &here), ("listen 8443 ", &tls)]);
    let looked = Command::new(nginx).arg("-t").arg("-e").arg(folder.path().join("error.log")).arg("-c").arg(&file).output().expect("it runs");
    assert!(looked.status.success(), "{}", String::from_utf8_lossy(&looked.stderr));
}

#[test]
fn systemd_takes_the_unit_and_finds_it_closed_in() {
    let Some(analyze) = program("systemd-analyze") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let unit = folder.path().join("silkroutes.service");
    let text = shipped("deploy/silkroutes.service");
    let is = "ExecStart=/usr/local/bin/silkroutes ";
    assert!(text.contains(is));
    fs::write(&unit, text.replace(is, &format!("ExecStart={} ", env!("CARGO_BIN_EXE_silkroutes")))).expect("written");
    let run = |arguments: &[&str]| {
        let ran = Command::new(&analyze).args(arguments).arg(&unit).output().expect("it runs");
        (ran.status.success(), format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr)))
    };
    let (is_sound, said) = run(&["verify"]);
    assert!(is_sound && said.trim().is_empty(), "{said}");
    // Of 10 for a service without any walls; one that needs the network cannot come below 1.
    let (is_closed, said) = run(&["security", "--offline=true", "--threshold=20", "--no-pager"]);
    if said.contains("unrecognized option") {
        return say("skipped: this systemd-analyze cannot look at a unit that is not installed");
    }
    assert!(is_closed, "{said}");
    for line in ["UMask=0077", "MemoryMax=", "ProtectSystem=strict", "StateDirectory=silkroutes", "NoNewPrivileges=yes", "Restart=always"] {
        assert!(text.lines().any(|there| there.starts_with(line)), "{line}");
    }
}

#[test]
fn the_user_of_the_database_owns_it_and_may_do_nothing_else() {
    let (Some(_), Some(postgres)) = (program("psql"), Postgres::start("the script that makes the database")) else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/init-database.sh");
    let made = Command::new("sh")
        .arg(script)
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("PGHOST", "127.0.0.1"), ("POSTGRES_USER", "postgres"), ("SILKROUTES_PASSWORD", "it's \"one\"")])
        .env("PGPORT", postgres.port().to_string())
        .output()
        .expect("it runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let may = "SELECT concat(rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls) FROM pg_roles WHERE rolname = 'silkroutes'";
    assert_eq!(postgres.texts(may), ["fffff"]);
    let public = "SELECT has_database_privilege('pg_monitor', 'silkroutes', 'CONNECT')::text";
    assert_eq!(postgres.texts(public), ["false"], "nobody else connects");
    // And it is enough: a server makes its tables there, and writes.
    let app = TestApp::with(|settings| settings.database = format!("postgres://silkroutes@127.0.0.1:{}/silkroutes", postgres.port()).into());
    assert_eq!(app.query("{ states(first: 1) { totalCount } }")["data"]["states"]["totalCount"], 195);
}

#[test]
fn containers_have_no_rights_little_room_and_a_place_for_digests() {
    say("compose.yaml and the Dockerfile are read and looked at, not run: that takes an engine of containers");
    let compose: Value = serde_saphyr::from_str(&shipped("compose.yaml")).expect("YAML");
    let services = compose["services"].as_object().expect("services");
    assert_eq!(services.keys().map(String::as_str).collect::<Vec<_>>(), ["database", "node-a", "node-b", "proxy"]);
    for (name, service) in services {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
        assert!(service.get("cap_add").is_none() && service.get("privileged").is_none(), "{name}");
        assert_eq!(service["security_opt"], json!(["no-new-privileges:true"]), "{name}");
        for bound in ["mem_limit", "cpus", "pids_limit"] {
            assert!(!service[bound].is_null(), "{name} has no {bound}");
        }
        let image = service["image"].as_str().expect("an image");
        assert!(image == "silkroutes" || image.contains("_DIGEST:-}"), "{name} has no place for a digest: {image}");
    }
    // The user of the nodes is made by the script, and is not the one that the image makes: that one is a superuser.
    let database = &services["database"];
    assert_eq!(database["environment"]["POSTGRES_USER"], "postgres");
    assert!(database["volumes"].to_string().contains("deploy/init-database.sh:/docker-entrypoint-initdb.d/"));
    assert!(database.get("ports").is_none() && compose["networks"]["inside"]["internal"] == true);
    for node in ["node-a", "node-b"] {
        let environment = &services[node]["environment"];
        assert!(environment["DATABASE_URL"].as_str().is_some_and(|url| url.starts_with("postgres://silkroutes:${SILKROUTES_PASSWORD:?")), "{node}");
        assert_eq!(environment["SILKROUTES_HTTP_CLIENT_HEADER"], "x-real-ip");
        assert!(services[node].get("ports").is_none(), "{node} is reached through the proxy alone");
    }
    for line in shipped("Dockerfile").lines().filter(|line| line.starts_with("FROM ")) {
        assert!(line.contains("_DIGEST}"), "{line}");
    }
}
