// A server of node-opcua for tests: commands come as lines of JSON on its standard input.
const { OPCUAServer, DataType, StatusCodes, standardUnits, OPCUACertificateManager } = require("node-opcua");
const readline = require("readline");
const [port, tags, pki] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];

(async () => {
  const manager = new OPCUACertificateManager({ rootFolder: pki, automaticallyAcceptUnknownCertificate: false });
  await manager.initialize();
  const server = new OPCUAServer({
    port, hostname: "127.0.0.1", resourcePath: "/UA/plant", serverCertificateManager: manager,
    serverCapabilities: { operationLimits: { maxNodesPerRead: 5000, maxMonitoredItemsPerCall: 5000 } },
    maxMonitoredItemsPerSubscription: 20000, maxMonitoredItems: 50000,
    userManager: { isValidUser: (user, password) => user === "reader" && password === "secret" },
  });
  await server.initialize();
  const space = server.engine.addressSpace, names = space.registerNamespace("urn:plant");
  const line = names.addObject({ browseName: "Line0", organizedBy: space.rootFolder.objects });
  const nodes = [];
  for (let tag = 0; tag < tags; tag++) {
    const node = names.addAnalogDataItem({
      componentOf: line, nodeId: `s=tag${tag}`, browseName: `tag${tag}`, dataType: "Double", minimumSamplingInterval: 50,
      engineeringUnits: standardUnits.degree_celsius, engineeringUnitsRange: { low: -40, high: 150 },
    });
    space.installHistoricalDataNode(node, { maxOnlineValues: 5000 });
    nodes.push(node);
  }
  const text = names.addVariable({ componentOf: line, nodeId: "s=recipe", browseName: "recipe", dataType: "String" });
  text.setValueFromSource({ dataType: DataType.String, value: "steel" });
  const set = (tag, value, status) =>
    nodes[tag].setValueFromSource({ dataType: DataType.Double, value }, StatusCodes[status || "Good"], new Date());
  await server.start();
  readline.createInterface({ input: process.stdin }).on("line", (said) => {
    const command = JSON.parse(said);
    if (command.tick !== undefined) for (let tag = 0; tag < tags; tag++) set(tag, command.tick * 10000 + tag);
    for (const [tag, value, status] of command.set || []) set(tag, value, status);
    // A node that no one may read.
    if (command.lock) names.addVariable({
      componentOf: line, nodeId: `s=${command.lock}`, browseName: command.lock, dataType: "Double",
      accessLevel: "CurrentWrite", userAccessLevel: "CurrentWrite",
    });
    console.log("done");
  }).on("close", () => process.exit(0));
  console.log("ready");
})();
