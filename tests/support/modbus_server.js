// A server of modbus-serial for tests: floats with the most significant byte first.
const { ServerTCP } = require("modbus-serial");
const bytes = Buffer.alloc(40);
bytes.writeFloatBE(21.5, 0);
bytes.writeDoubleBE(-1234.5, 8);
bytes.writeUInt16BE(777, 16);
new ServerTCP(
  { getHoldingRegister: (register) => { if (register >= 20) throw { modbusErrorCode: 2, message: "no register" }; return bytes.readUInt16BE(register * 2); } },
  { host: "127.0.0.1", port: Number(process.argv[2]), unitID: 1 },
).on("initialized", () => console.log("ready"));
