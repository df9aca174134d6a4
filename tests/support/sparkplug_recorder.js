// Decodes what edges of Sparkplug B send with other people's hands (npm sparkplug-payload) and resolves aliases by births itself: a line of
// JSON per metric. Arguments: port, file. It writes "ready" when it listens.
const fs = require("fs"), mqtt = require("mqtt"), pako = require("pako"), payloads = require("sparkplug-payload").get("spBv1.0");
const { Payload } = require("sparkplug-payload/lib/sparkplugPayloadProto").org.eclipse.tahu.protobuf;
const [port, file] = process.argv.slice(2), out = fs.openSync(file, "a"), births = {};
const text = (value) => (value === null || value === undefined ? null : value instanceof Date ? value.getTime() : value.low !== undefined ? value.toString() : value);
const aliasOf = (metric) => (Object.prototype.hasOwnProperty.call(metric, "alias") ? metric.alias.toString() : null);
const client = mqtt.connect("mqtt://127.0.0.1:" + port, { clientId: "recorder" });
client.on("connect", () => client.subscribe("spBv1.0/#", { qos: 1 }, () => console.log("ready")));
client.on("message", (topic, content) => {
  const [, group, kind, edge, device = ""] = topic.split("/");
  if (group === "STATE" || kind === "NCMD" || kind === "DCMD") return;
  const scope = group + "/" + edge + "/" + device;
  let raw = Payload.decode(content);
  if (raw.uuid === "SPBV1.0_COMPRESSED") raw = Payload.decode(pako.inflate(raw.body));
  if (kind.endsWith("BIRTH")) births[scope] = {};
  const names = raw.metrics.map((metric) => {
    const alias = aliasOf(metric), known = births[scope] && births[scope][alias];
    if (kind.endsWith("BIRTH") && alias !== null) births[scope][alias] = { name: metric.name, datatype: metric.datatype };
    if (known && !metric.name) metric.datatype = known.datatype; // data by alias has none
    return metric.name || (known && known.name);
  });
  const payload = payloads.decodePayload(Payload.encode(raw).finish());
  (payload.metrics || []).forEach((metric, at) => {
    fs.writeSync(out, JSON.stringify({ kind, address: scope + "/" + names[at], type: metric.type, value: text(metric.value),
      ts: Number(metric.timestamp || payload.timestamp), alias: aliasOf(raw.metrics[at]) }) + "\n");
  });
});
process.stdin.on("end", () => process.exit(0)).resume();
