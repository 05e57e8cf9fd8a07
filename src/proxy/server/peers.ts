// Stick tables that several machines share: the master calls the other machines and is called by them, tells them what
// changes in its tables and takes what they tell. Traffic never waits for it.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { VezaError } from '../../lib/errors.ts';
import { serversOfTable } from '../core/balance/stick-servers.ts';
import type { StickChange, StickTable } from '../core/balance/stick-table.ts';
import type { StickTables } from '../core/balance/stick-tables.ts';
import type { Bind, ProxyConfig } from '../core/config/model.ts';
import { localDate } from '../core/logging/access-fields.ts';
import type { PeersConfig } from '../core/peers/model.ts';
import { PeerSection } from '../core/peers/section.ts';
import type { PeerSession } from '../core/peers/session.ts';
import { showPeers } from '../core/peers/show.ts';
import type { Reply } from '../core/stats/reply.ts';
import type { ToWorker } from './ipc.ts';
import { maxStickBatch } from './limits.ts';
import { PeerConnection } from './peers-connection.ts';
import type { PeerReports } from './peers-reports.ts';
import { PeersTls } from './peers-tls.ts';
import type { BackendMaterial, TlsMaterial } from './tls-material.ts';

/** How often it is looked whether somebody is to be called, was silent, or is to hear that we are there. */
const tickMs = 250;
/** Connections of those who did not say who they are: more are turned away. */
const maxStrangers = 64;
/** Of one address, those that still shake hands among them. */
const maxConnections = 256;

export interface PeersPorts {
  readonly tables: StickTables;
  readonly reports: PeerReports;
  /** To all workers. */
  broadcast(message: ToWorker): void;
}

export class Peers {
  readonly #ports: PeersPorts;
  readonly #sections = new Map<string, PeerSection>();
  readonly #servers = new Map<string, Server>();
  readonly #connections = new Map<
    PeerSession,
    { readonly connection: PeerConnection; readonly section: PeerSection }
  >();
  readonly #tls = new Map<string, { readonly made: string; readonly tls: PeersTls | undefined }>();
  #learned = new Map<string, StickChange[]>();
  #backends: ProxyConfig['backends'] = [];
  #ticking: NodeJS.Timeout | undefined;
  #isPumping = false;

  constructor(ports: PeersPorts) {
    this.#ports = ports;
  }

  /** Listens where a configuration says and nobody does yet; on failure all stays as it was. Throws VezaError. */
  async open(config: ProxyConfig): Promise<void> {
    const opened: [string, Server][] = [];
    try {
      for (const { bind } of config.peers)
        if (!this.#servers.has(bind.id)) opened.push([bind.id, await this.#listen(bind)]);
    } catch (error) {
      for (const [, server] of opened) server.close();
      throw error;
    }
    for (const [id, server] of opened) this.#servers.set(id, server);
  }

  /** Takes a configuration; the tables have it already. Connections stay where nothing changed. */
  configure({ peers, backends }: ProxyConfig, material: TlsMaterial): void {
    const nowMs = performance.now();
    this.#backends = backends;
    const { tables } = this.#ports.tables;
    const gone = [...this.#sections].filter(([name]) => !peers.some((each) => each.name === name));
    for (const [name, section] of gone) {
      this.#sections.delete(name);
      this.#tls.delete(name);
      section.configure({ ...section.config, members: [] }, [], nowMs);
    }
    for (const each of peers) {
      const shared = tables.filter(({ config }) => config.peers === each.name);
      const section = this.#sections.get(each.name) ?? this.#newSection(each);
      this.#sections.set(each.name, section);
      section.configure(each, shared, nowMs);
      this.#secure(section, material.peers[each.name]);
    }
    this.#pump();
    clearInterval(this.#ticking);
    this.#ticking = this.#sections.size === 0 ? undefined : setInterval(() => this.#tick(), tickMs);
    if (this.#ticking) this.#tick();
  }

  /** Listens no more where the configuration in force does not say so. */
  settle({ peers }: ProxyConfig): void {
    for (const [id, server] of this.#servers) {
      if (peers.some(({ bind }) => bind.id === id)) continue;
      server.close();
      this.#servers.delete(id);
    }
  }

  /** An entry of a table changed here. */
  touched({ config }: StickTable, key: string): void {
    const section = config.peers === undefined ? undefined : this.#sections.get(config.peers);
    if (!section) return;
    section.touched(config.name, key);
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  /** The answer to `show peers`. */
  show(words: readonly string[]): Reply {
    const sections = [...this.#sections.values()];
    const places = (session: PeerSession): string => this.#connections.get(session)?.connection.places ?? '';
    return showPeers(words, sections, { nowMs: performance.now(), date: localDate(Date.now()), places });
  }

  /** Says what it still has to, and hangs up. */
  stop(): void {
    clearInterval(this.#ticking);
    for (const server of this.#servers.values()) server.close();
    this.#servers.clear();
    for (const { connection } of this.#connections.values()) connection.finish('this proxy stops');
    this.#sections.clear();
  }

  #newSection(config: PeersConfig): PeerSection {
    return new PeerSection(config, {
      random: Math.random,
      processId: process.pid,
      tell: (news) => this.#ports.reports.tell(config.name, news),
      learned: (table, change) => this.#learn(table, change),
      serversOf: (table) => serversOfTable(this.#backends, table),
    });
  }

  /** Connections that were made in another way end, and are made anew. */
  #secure(section: PeerSection, material: BackendMaterial | undefined): void {
    const { name, timeouts } = section.config;
    const made = material ? JSON.stringify(material) : '';
    const before = this.#tls.get(name);
    if (before?.made === made) return;
    const called = (socket: Socket): void => {
      // It shook hands with what holds no more.
      if (this.#tls.get(name)?.tls !== tls) socket.destroy();
      else this.#join(section, socket, section.called(performance.now()), undefined);
    };
    const refused = (reason: string, peer: string): void =>
      this.#ports.reports.tell(name, { what: 'refused', peer, reason });
    const tls = material && new PeersTls(material, timeouts.connectMs, called, refused);
    this.#tls.set(name, { made, tls });
    if (!before) return;
    for (const [session, each] of this.#connections)
      if (each.section === section) session.close('the configuration changed');
  }

  #listen(bind: Extract<Bind, { readonly kind: 'tcp' }>): Promise<Server> {
    const { promise, resolve, reject } = Promise.withResolvers<Server>();
    const server = createServer((socket) => this.#called(bind.id, socket));
    // Stays for good: a connection that cannot be accepted later on is an error of the server, too.
    server.on('error', (error: NodeJS.ErrnoException) => {
      reject(
        new VezaError('cannot-bind', `cannot listen on ${bind.id} for peers: ${error.code ?? error.message}`, {
          hint: 'Is it the address of the local member, and free? Say another one with `bind`.',
        }),
      );
    });
    server.maxConnections = maxConnections;
    server.listen({ host: bind.host, port: bind.port }, () => resolve(server));
    return promise;
  }

  #called(id: string, socket: Socket): void {
    const section = [...this.#sections.values()].find(({ config }) => config.bind.id === id);
    const strangers = [...this.#connections.keys()].filter(({ isCaller, isOpen }) => !isCaller && !isOpen);
    const tls = section && this.#tls.get(section.config.name)?.tls;
    if (!section || strangers.length >= maxStrangers) socket.destroy();
    else if (tls) tls.accept(socket);
    else this.#join(section, socket, section.called(performance.now()), undefined);
  }

  #join(
    section: PeerSection,
    socket: Socket,
    session: PeerSession,
    ready: 'connect' | 'secureConnect' | undefined,
  ): void {
    session.from = socket.remoteAddress ?? '';
    const connection = new PeerConnection(socket, session, ready, {
      now: () => performance.now(),
      heard: () => this.#heard(),
      ended: () => {
        this.#connections.delete(session);
        section.ended(session, performance.now());
      },
    });
    this.#connections.set(session, { connection, section });
    connection.pump();
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const section of this.#sections.values()) {
      section.tick(nowMs);
      for (const member of section.due(nowMs)) {
        const { address, port } = member;
        const tls = this.#tls.get(section.config.name)?.tls;
        const socket = tls ? tls.call(address, port) : connect({ host: address, port });
        this.#join(section, socket, section.call(member, nowMs), tls ? 'secureConnect' : 'connect');
      }
    }
    // Those who called and never said who they are belong to nobody.
    for (const [session] of this.#connections) if (!session.isOpen) session.tick(nowMs);
    this.#pump();
  }

  #pump(): void {
    for (const { connection } of this.#connections.values()) connection.pump();
  }

  #learn(table: string, change: StickChange): void {
    const known = this.#learned.get(table);
    if (known) known.push(change);
    else this.#learned.set(table, [change]);
  }

  /** A session that lost against a new one of the same peer ends; workers hear of what was learned. */
  #heard(): void {
    for (const [session, { connection }] of this.#connections) if (session.end) connection.pump();
    const learned = this.#learned;
    if (learned.size === 0) return;
    this.#learned = new Map();
    for (const [table, changes] of learned)
      for (let from = 0; from < changes.length; from += maxStickBatch)
        this.#ports.broadcast({ type: 'stuck', changes: { [table]: changes.slice(from, from + maxStickBatch) } });
  }
}
