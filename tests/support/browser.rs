//! A real browser, headless, told what to do by its own protocol over two pipes.
//!
//! <https://chromedevtools.github.io/devtools-protocol/>: objects that end with NUL. It has a profile of its own and reaches
//! no host, whatever it would like to tell its maker.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

const FLAGS: [&str; 12] = [
    "--headless",
    // Tests run as root, too, and the pages are our own.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
];

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    pub width: u32,
    /// `light` or `dark`.
    pub scheme: &'static str,
}

/// A browser with one page; it ends with the value.
pub struct Browser {
    child: Child,
    orders: ChildStdin,
    answers: Receiver<Value>,
    number: u64,
    session: Value,
    events: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    pub fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        // The protocol speaks over the descriptors 3 and 4.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "exec 3<&0 4>&1 </dev/null >/dev/null; exec \"$@\"", "sh", "/usr/bin/chromium"]);
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (orders, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (give, take) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(answers).split(0).map_while(Result::ok) {
                // Nobody listens any more once the test is over.
                let _ = give.send(serde_json::from_slice(&message).unwrap());
            }
        });
        let (number, session, events) = (0, Value::Null, Vec::new());
        let mut browser = Self { child, orders, answers: take, number, session, events, _profile: profile };
        let target = browser.order("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.order("Target.attachToTarget", target)["sessionId"].clone();
        ["Page", "Network", "Runtime", "Log"].iter().for_each(|domain| {
            browser.order(&format!("{domain}.enable"), json!({}));
        });
        browser
    }

    /// Opens a file and waits until it is loaded; what happened before is forgotten.
    pub fn open(&mut self, file: &Path, screen: Screen) {
        let metrics = json!({
            "width": screen.width, "height": 800, "deviceScaleFactor": 1, "mobile": screen.width < 600
        });
        self.order("Emulation.setDeviceMetricsOverride", metrics);
        let feature = json!({ "name": "prefers-color-scheme", "value": screen.scheme });
        self.order("Emulation.setEmulatedMedia", json!({ "features": [feature] }));
        self.events.clear();
        self.order("Page.navigate", json!({ "url": format!("file://{}", file.display()) }));
        while self.told("Page.loadEventFired").is_empty() {
            let message = self.next();
            self.events.push(message);
        }
    }

    /// What an expression gives on the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let wanted = json!({ "expression": expression, "returnByValue": true });
        let answer = self.order("Runtime.evaluate", wanted);
        assert!(answer["exceptionDetails"].is_null(), "{answer}");
        answer["result"]["value"].clone()
    }

    /// The addresses of all that was asked for since the page was opened.
    pub fn requests(&self) -> Vec<String> {
        let asked = self.told("Network.requestWillBeSent");
        asked.iter().map(|event| event["request"]["url"].as_str().unwrap().to_owned()).collect()
    }

    /// What went wrong on the page: exceptions, and what the console has.
    pub fn complaints(&self) -> Vec<Value> {
        ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"]
            .iter()
            .flat_map(|method| self.told(method))
            .collect()
    }

    /// The whole page as a PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let size = self.order("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let answer =
            self.order("Page.captureScreenshot", json!({ "captureBeyondViewport": true, "clip": clip }));
        decoded(&answer["data"])
    }

    /// The page on paper, as a PDF.
    pub fn paper(&mut self) -> Vec<u8> {
        decoded(&self.order("Page.printToPDF", json!({ "preferCSSPageSize": true }))["data"])
    }

    fn told(&self, method: &str) -> Vec<Value> {
        let events = self.events.iter().filter(|event| event["method"] == method);
        events.map(|event| event["params"].clone()).collect()
    }

    fn order(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut order = json!({ "id": self.number, "method": method, "params": parameters });
        if !self.session.is_null() {
            order["sessionId"] = self.session.clone();
        }
        self.orders.write_all(format!("{order}\0").as_bytes()).unwrap();
        loop {
            let message = self.next();
            if message["id"] == self.number {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn next(&mut self) -> Value {
        self.answers.recv_timeout(Duration::from_secs(120)).expect("the browser says nothing")
    }
}

fn decoded(data: &Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(data.as_str().unwrap()).unwrap()
}

impl Drop for Browser {
    fn drop(&mut self) {
        // What it started ends with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
