// What the balancer uses of `node:http`. An import of that module loads all that it offers: with its WebSocket and the client
// behind `fetch` each process would take 14 MB and 60 ms more.
import process from 'node:process';

export const { createServer, request, STATUS_CODES } = process.getBuiltinModule('node:http');
