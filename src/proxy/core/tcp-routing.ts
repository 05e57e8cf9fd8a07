// Where a connection in mode tcp goes: the first rule of its frontend that holds, by what is known before a byte is passed on.
import type { Address } from './address.ts';
import type { Conditions, FrontendConfig } from './config/model.ts';
import {
  allUsable,
  type Condition,
  conditionsOf,
  nameCondition,
  poolConditions,
  sourceCondition,
  type UsableOf,
} from './routing.ts';
import type { ClientHello } from './tls/client-hello.ts';

export interface TcpSubject {
  readonly peer: Address | undefined;
  /** Undefined: it does not begin with TLS, as far as is known. */
  readonly hello: ClientHello | undefined;
}

export interface TcpRouter {
  /** How long the first bytes of a client are waited for; 0 = no rule looks at them. */
  readonly inspectMs: number;
  /** Name of the backend; undefined = it is closed. */
  backendOf(subject: TcpSubject): string | undefined;
}

export function compileTcpRouter(config: FrontendConfig, usableOf: UsableOf = allUsable): TcpRouter {
  const read = (from: Conditions): Condition<TcpSubject>[] => [
    ...poolConditions(from, usableOf),
    ...tcpConditions(from),
  ];
  const rules = config.rules.map((rule) => ({ rule, conditions: conditionsOf(rule, read) }));
  const looks = config.rules.some((rule) => [rule, ...rule.all, ...rule.any, ...rule.not].some(looksInside));
  return {
    inspectMs: looks ? config.inspectDelayMs : 0,
    backendOf: (subject) => {
      const found = rules.find(({ conditions }) => conditions.every((holds) => holds(subject)));
      return found ? found.rule.backend : config.defaultBackend;
    },
  };
}

function looksInside({ sni, alpn, tlsVersion, scheme }: Conditions): boolean {
  return (sni ?? alpn ?? scheme) !== undefined || tlsVersion.length > 0;
}

/** What is newer than these counts as the newest. */
const versionNames: Readonly<Record<number, string>> = {
  0x0300: 'SSLv3',
  0x0301: 'TLSv1',
  0x0302: 'TLSv1.1',
  0x0303: 'TLSv1.2',
};

function tcpConditions({ sni, alpn, tlsVersion, scheme, source }: Conditions): Condition<TcpSubject>[] {
  const found: Condition<TcpSubject>[] = [];
  if (source.length > 0) found.push(sourceCondition(source));
  if (scheme !== undefined) found.push(({ hello }) => (hello !== undefined) === (scheme === 'https'));
  if (sni !== undefined) {
    const holds = nameCondition(sni);
    found.push(({ hello }) => hello !== undefined && hello.sni !== '' && holds(hello.sni));
  }
  if (tlsVersion.length > 0)
    found.push(({ hello }) => hello !== undefined && tlsVersion.includes(versionNames[hello.version] ?? 'TLSv1.3'));
  if (alpn !== undefined) found.push(({ hello }) => hello?.alpn.includes(alpn) === true);
  return found;
}
