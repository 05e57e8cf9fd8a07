// Parts of Node.js that only some configurations use, loaded at their first use: an import would load them in every process.
// TLS takes 3 MB there, HTTP/2 1.5, and node:http 14: what it offers includes a WebSocket and the client behind `fetch`.
export const builtins = {
  get http() {
    return process.getBuiltinModule('node:http');
  },
  get http2() {
    return process.getBuiltinModule('node:http2');
  },
  get https() {
    return process.getBuiltinModule('node:https');
  },
  get tls() {
    return process.getBuiltinModule('node:tls');
  },
  get zlib() {
    return process.getBuiltinModule('node:zlib');
  },
};
