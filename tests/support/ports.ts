// Ports of this machine for tests: free ones, and those of servers that listen.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/** Below these are services that people know by their ports. */
const lowest = 10_000;
const highest = 65_535;

/**
 * A port that is free, and stays so until it is used: the kernel gives it to nobody by itself, and no other test gets it
 * while this process lives.
 */
export async function freePort(): Promise<number> {
  const { first, count } = unassigned();
  const start = Math.floor(Math.random() * count);
  for (let tries = 0; tries < count; tries += 1) {
    const port = first + ((start + tries) % count);
    if ((await claim(port)) && (await isFree(port))) return port;
  }
  throw new Error('no port is free');
}

/** Ports that are not for connections on their way out, nor for servers that listen on any. */
function unassigned(): { readonly first: number; readonly count: number } {
  const [low, high] = assigned();
  const [below, above] = [low - lowest, highest - high];
  if (Math.max(below, above) < 1000) return { first: lowest, count: highest - lowest };
  return below > above ? { first: lowest, count: below } : { first: high + 1, count: above };
}

/** Where they are; elsewhere than on Linux as IANA has it. */
function assigned(): readonly [low: number, high: number] {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1');
    const [low = NaN, high = NaN] = text.trim().split(/\s+/).map(Number);
    return [low, high];
  } catch {
    return [49_152, highest];
  }
}

/** Keeps it from other tests, if none has it: by the same number of UDP, which the kernel gives back however a process ends. */
async function claim(port: number): Promise<boolean> {
  const socket = createSocket('udp4').unref();
  try {
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return true;
  } catch {
    socket.close();
    return false;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
}

/** The port that a server listens on. Throws if it has none. */
export function portOf(server: Pick<Server, 'address'> | undefined): number {
  const address = server?.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
