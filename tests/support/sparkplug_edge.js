// An edge of Sparkplug B by other people's hands (npm sparkplug-client, without aliases), told what to do by lines of JSON.
// Arguments: port, group, edge. Answers: "ready" when it is born, "done" after each command, and a line per value that it sent.
const sparkplug = require("sparkplug-client"), readline = require("readline");
const [port, groupId, edgeNode] = process.argv.slice(2);
const METRICS = [
  ["i8", "Int8", (n) => -(n % 128)], ["i16", "Int16", (n) => -n], ["i32", "Int32", (n) => -n * 1000], ["u8", "UInt8", (n) => n % 256],
  ["u32", "UInt32", (n) => 4294967295 - n], ["f", "Float", (n) => n + 0.5], ["d", "Double", (n) => n / 7], ["b", "Boolean", (n) => n % 2 === 0],
  ["s", "String", (n) => "值 " + n], ["t", "DateTime", (n) => new Date(1772366400000 + n)],
];
let client, counter = 0, bdSeq = 0;
const metrics = (n) => METRICS.map(([name, type, of]) => ({ name: "m/" + name, type, value: of(n), timestamp: Date.now() }));
const births = () => {
  client.publishNodeBirth({ timestamp: Date.now(), metrics: [{ name: "Node Control/Rebirth", type: "Boolean", value: false }] });
  client.publishDeviceBirth("dev", { timestamp: Date.now(), metrics: metrics(counter).map((m) => ({ ...m, properties: { engUnit: { type: "String", value: "bar" } } })) });
};
function connect() {
  client = sparkplug.newClient({ serverUrl: "mqtt://127.0.0.1:" + port, groupId, edgeNode, clientId: edgeNode, version: "spBv1.0", bdSeq: bdSeq++, publishDeath: true, username: "", password: "", keepalive: 5 });
  client.on("birth", () => { births(); console.log("ready"); });
  client.on("ncmd", () => births());
}
const wait = (ms) => new Promise((next) => setTimeout(next, ms));
async function act({ say, count = 1, ms = 0, compress = false }) {
  for (let n = 0; say === "data" && n < count; n++) {
    counter++;
    client.publishDeviceData("dev", { timestamp: Date.now(), metrics: metrics(counter) }, { compress });
    await wait(ms || 1);
  }
  if (say === "skip") for (let n = 0; n < count; n++) client.incrementSeqNum();
  if (say === "devicedeath") client.publishDeviceDeath("dev", { timestamp: Date.now() });
  if (say === "restart") { client.stop(); await wait(200); connect(); await new Promise((next) => client.once("birth", next)); }
}
let queue = Promise.resolve();
readline.createInterface({ input: process.stdin }).on("line", (line) => { queue = queue.then(() => act(JSON.parse(line))).then(() => console.log("done")); }).on("close", () => process.exit(0));
connect();
