// Requests of the table that HAProxy and veza-proxy both answer: plain or with TLS, each on a connection of its own.
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { TLSSocket } from 'node:tls';

export interface Case {
  readonly request: string;
  readonly host: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Over TLS: the name that is asked for, who comes (of the test's certificates), and the only version spoken. */
  readonly tls?: {
    readonly name?: string;
    readonly client?: string;
    readonly version?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  };
  /** The body is ours, and to be compared. */
  readonly body?: boolean;
  /** Only the status is compared. */
  readonly status?: boolean;
}

export interface Answer {
  /** 0: no answer but an end. */
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  /** Who answered a client with TLS. */
  readonly certificate: string;
}

export interface Ports {
  readonly clear: number;
  readonly tls: number;
}

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** Fails where nothing listens; a connection that ends without an answer is one of status 0. */
export function send(ports: Ports, each: Case, clients: ReadonlyMap<string, Pair> = new Map()): Promise<Answer> {
  const [method = 'GET', path = '/'] = each.request.split(' ');
  const options = { host: '127.0.0.1', method, path, headers: { Host: each.host, ...each.headers }, agent: false };
  return new Promise((resolve, reject) => {
    const outgoing = each.tls
      ? requestHttps({ ...options, port: ports.tls, ...tlsOptions(each.tls, clients) })
      : requestHttp({ ...options, port: ports.clear });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') reject(error);
      else resolve({ status: 0, headers: {}, body: '', certificate: '' });
    });
    outgoing.on('response', (response) => void collect(response, outgoing).then(resolve, reject));
    outgoing.end();
  });
}

function tlsOptions({ name = '', client, version }: NonNullable<Case['tls']>, clients: ReadonlyMap<string, Pair>) {
  const own = client === undefined ? undefined : clients.get(client);
  return {
    servername: name,
    rejectUnauthorized: false,
    ...own,
    ...(version && { minVersion: version, maxVersion: version }),
    ...(version === 'TLSv1.1' && { ciphers: 'DEFAULT@SECLEVEL=0' }),
  };
}

async function collect(response: IncomingMessage, { socket }: ClientRequest): Promise<Answer> {
  const certificate = socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : '';
  let body = '';
  for await (const bytes of response) body += String(bytes);
  return { status: response.statusCode ?? 0, headers: response.headers, body, certificate };
}
