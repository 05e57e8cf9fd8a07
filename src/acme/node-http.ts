// node:http without what its import costs: one of the names that an import gathers loads a WebSocket client, 6 MB in every
// process that then never uses it (Node.js 22 and later).
export const { createServer, request, STATUS_CODES } = process.getBuiltinModule('node:http');
