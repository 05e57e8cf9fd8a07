// What the load balancer of infra.yaml says of its listeners, backends and certificates: what must fit together.
import { isIPv6 } from 'node:net';
import type { BackendConfig, Infra, ListenerConfig, LoadBalancerConfig } from './model.ts';
import type { Path, Report } from './server-references.ts';

export function checkBalancer(infra: Infra, report: Report): void {
  checkTermination(infra, report);
  const { loadBalancer } = infra;
  if (!loadBalancer) return;
  const ports = new Set<number>();
  loadBalancer.listeners.forEach((listener, index) => {
    const path = (key: string): Path => ['load_balancer', 'listeners', index, key];
    if (ports.has(listener.frontend))
      report('duplicate-port', `port ${listener.frontend} is listened on twice`, path('frontend'));
    ports.add(listener.frontend);
    checkListener(infra, loadBalancer, listener, path, report);
  });
  const seen = new Set<string>();
  loadBalancer.backends.forEach((backend, index) => {
    const path = (...rest: Path): Path => ['load_balancer', 'backends', index, ...rest];
    checkBackend(infra, loadBalancer, backend, path, report);
    const name = backend.host ?? backend.labelSelector ?? '';
    if (seen.has(name) && name !== '')
      report(
        'duplicate-backend',
        `"${name}" is a backend twice`,
        path(backend.host === undefined ? 'label_selector' : 'host'),
      );
    seen.add(name);
  });
}

function checkListener(
  { ssl }: Infra,
  { ssl: named, listeners }: LoadBalancerConfig,
  listener: ListenerConfig,
  path: (key: string) => Path,
  report: Report,
): void {
  const { protocol } = listener;
  const wildcard = ssl?.wildcard !== undefined && ssl.wildcard.termination !== 'hosts';
  if (protocol === 'https' && !named && !wildcard) {
    const hint = 'Name a certificate under load_balancer.ssl, or use `protocol: tcp` to pass TLS through.';
    report('missing-certificate', 'an https listener needs a certificate', path('protocol'), hint);
  }
  const misplaced = (key: string, why: string) => report('not-for-this', why, path(key), 'Remove it.');
  if (listener.redirectHttp && protocol !== 'https')
    misplaced('redirect_http', 'only an https listener can have port 80 lead to it');
  else if (listener.redirectHttp && listeners.some(({ frontend }) => frontend === 80)) {
    const hint = 'Remove the listener on port 80, or `redirect_http`.';
    report('duplicate-port', 'redirect_http takes port 80, which another listener has', path('redirect_http'), hint);
  }
  if (listener.stickySessions && protocol === 'tcp') misplaced('sticky_sessions', 'a tcp listener sees no cookies');
  if (listener.stickySessions) return;
  if (listener.cookieName !== undefined) misplaced('cookie_name', '`cookie_name` is of `sticky_sessions: true`');
  if (listener.cookieLifetime !== undefined)
    misplaced('cookie_lifetime', '`cookie_lifetime` is of `sticky_sessions: true`');
}

function checkBackend(
  { hosts }: Infra,
  { listeners }: LoadBalancerConfig,
  { host, labelSelector, port }: BackendConfig,
  path: (...rest: Path) => Path,
  report: Report,
): void {
  if (host === undefined && labelSelector === undefined)
    report('missing-key', 'a backend needs "host"', path(), 'Name a key of `hosts`, or give a `label_selector`.');
  if (host !== undefined && labelSelector !== undefined)
    report('not-for-this', 'a backend is a host or a label_selector, not both', path('label_selector'), 'Remove one.');
  if (!listeners.some(({ backend }) => backend === port)) {
    const ports = [...new Set(listeners.map(({ backend }) => backend))].join(', ');
    report('unused-port', `no listener sends to port ${port}`, path('port'), `Listeners send to: ${ports}.`);
  }
  const found = host === undefined ? undefined : hosts.get(host);
  if (found?.ip !== undefined && found.type === 'hrobot' && isIPv6(found.ip))
    report('bad-address', `"${found.name}" has an IPv6 address, and targets need IPv4`, path('host'));
}

function checkTermination({ ssl, loadBalancer }: Infra, report: Report): void {
  if (ssl?.wildcard.termination !== 'load_balancer') return;
  if (loadBalancer?.listeners.some(({ protocol }) => protocol === 'https')) return;
  const message = loadBalancer ? 'no listener of the load balancer is https' : 'there is no load_balancer';
  report('missing-listener', message, ['ssl', 'wildcard', 'termination'], 'Add an https listener, or write `hosts`.');
}
