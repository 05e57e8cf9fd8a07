// What may stand for the address of a server: an IP address, the path of a unix socket, or a name that is looked up. Pure.
import { parseAddress } from './address.ts';

const unixPrefix = 'unix:';

/** Where connections to a server go. `port` means nothing with the path of a unix socket. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Path of the unix socket that an address such as `unix:/run/app.sock` means; undefined for others. */
export function unixPath(address: string): string | undefined {
  return address.startsWith(unixPrefix) ? address.slice(unixPrefix.length) : undefined;
}

/** Whether it has to be looked up first. */
export function isNamed(address: string): boolean {
  return unixPath(address) === undefined && parseAddress(address) === undefined;
}

/** Whether it can be an address at all. */
export function isServerAddress(address: string): boolean {
  const path = unixPath(address);
  if (path !== undefined) return path.startsWith('/');
  if (parseAddress(address)) return true;
  return /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?\.?$/.test(address) && !/^[0-9.]+$/.test(address);
}

/** As people and statistics write it: `192.0.2.1:80`, `[2001:db8::1]:80`, `unix:/run/app.sock`. */
export function endpointText({ address, port }: Endpoint): string {
  return unixPath(address) === undefined ? hostAndPort(address, port) : address;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80` */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The Host header that means a server itself. */
export function hostOf(endpoint: Endpoint): string {
  return unixPath(endpoint.address) === undefined ? endpointText(endpoint) : 'localhost';
}

/** `_http._tcp.example.com`: looked up as SRV, which says names and ports. */
export function isServiceName(address: string): boolean {
  return /^_[^.]+\._(tcp|udp)\./i.test(address);
}

/** A DNS server as Node.js takes it; undefined if the text is none. */
export function dnsServer(text: string): string | undefined {
  if (parseAddress(text)) return text;
  const [, inBrackets, plain, port] = /^(?:\[([^\]]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const address = inBrackets ?? plain;
  if (address === undefined || !parseAddress(address) || Number(port) > 65_535 || Number(port) === 0) return undefined;
  return text;
}
