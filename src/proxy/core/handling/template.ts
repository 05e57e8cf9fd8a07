// Texts with placeholders, `${remote_addr}`, read once and filled in for each request.
import { commonNameOf } from '../tls/facts.ts';
import { type Incoming, pathOf, queryOf } from './incoming.ts';

/** What is known only when there is a response. */
export interface ResponseFacts {
  readonly status: number;
  readonly backend: string;
  readonly server: string;
  /** 0: no server was asked. */
  readonly attempt: number;
}

type Fill = (incoming: Incoming, response: ResponseFacts | undefined) => string;

const fills: Readonly<Record<string, Fill>> = {
  remote_addr: (incoming) => incoming.peerText,
  remote_port: (incoming) => String(incoming.port),
  client: (incoming) => incoming.client,
  scheme: (incoming) => incoming.scheme,
  method: (incoming) => incoming.head.method,
  host: (incoming) => incoming.head.host,
  uri: (incoming) => incoming.head.target,
  path: (incoming) => pathOf(incoming.head.target),
  query: (incoming) => queryOf(incoming.head.target).slice(1),
  request_id: (incoming) => incoming.requestId,
  frontend: (incoming) => incoming.frontend,
  tls_version: ({ tls }) => tls?.version ?? '',
  tls_cipher: ({ tls }) => tls?.cipher ?? '',
  tls_sni: ({ tls }) => tls?.sni ?? '',
  tls_client_verified: ({ tls }) => (tls?.client ? 'yes' : ''),
  tls_client_subject: ({ tls }) => tls?.client?.subject ?? '',
  tls_client_name: ({ tls }) => (tls?.client && commonNameOf(tls.client.subject)) ?? '',
  // Whoever has a certificate that is not valid does not come in.
  tls_client_error: ({ tls }) => (tls ? '0' : ''),
  tls_client_issuer: ({ tls }) => tls?.client?.issuer ?? '',
  tls_client_serial: ({ tls }) => tls?.client?.serial ?? '',
  tls_client_fingerprint: ({ tls }) => tls?.client?.fingerprint ?? '',
  tls_client_cert: ({ tls }) => tls?.client?.der ?? '',
  status: (_incoming, response) => (response ? String(response.status) : ''),
  backend: (_incoming, response) => response?.backend ?? '',
  server: (_incoming, response) => response?.server ?? '',
  attempt: (_incoming, response) => (response && response.attempt > 0 ? String(response.attempt) : ''),
};

const pattern = /\$\{([^}]*)\}/g;

/** Names of placeholders that exist. */
export const placeholders: readonly string[] = Object.keys(fills);

/** Placeholders of a text that do not exist. */
export function unknownPlaceholders(text: string): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name).filter((name) => !(name in fills));
}

export class Template {
  readonly #parts: readonly (string | Fill)[];

  constructor(text: string) {
    const parts: (string | Fill)[] = [];
    let from = 0;
    for (const match of text.matchAll(pattern)) {
      parts.push(text.slice(from, match.index), fills[match[1] ?? ''] ?? '');
      from = match.index + match[0].length;
    }
    parts.push(text.slice(from));
    this.#parts = parts.filter((part) => part !== '');
  }

  fill(incoming: Incoming, response?: ResponseFacts): string {
    let text = '';
    for (const part of this.#parts) text += typeof part === 'string' ? part : part(incoming, response);
    return text;
  }
}
