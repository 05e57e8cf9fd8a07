// Which ways to log in are tried, in which order, and what is said when none works.
// Order: the key of the inventory, the agent, the user's own keys, password, keyboard-interactive.
import type { AnyAuthMethod, AuthHandlerMiddleware } from 'ssh2';
import { VezaError } from '../../lib/errors.ts';
import type { HostAddress } from '../../engine/ports.ts';
import { type LoadedKey, defaultKeyFiles, expandHome, loadKey } from './keys.ts';

export interface AuthenticationOptions {
  /** Path of the agent's socket; absent means no agent. */
  readonly agentSocket?: string | undefined;
  readonly keyPassphrase?: string | undefined;
  readonly defaultKeys?: readonly string[] | undefined;
}

interface Way {
  readonly label: string;
  readonly needs: 'publickey' | 'password' | 'keyboard-interactive';
  readonly method: AnyAuthMethod;
}

export interface Authentication {
  readonly handler: AuthHandlerMiddleware;
  /** The error for a server that refused every way. */
  failed(): VezaError;
}

/** Collects the ways for one attempt. Rejects with VezaError `key-unreadable` if the inventory's key cannot be used. */
export async function prepareAuthentication(
  host: HostAddress,
  options: AuthenticationOptions,
): Promise<Authentication> {
  const ways: Way[] = [];
  const skipped: string[] = [];
  if (host.privateKeyFile !== undefined) {
    const path = expandHome(host.privateKeyFile);
    const loaded = await loadKey(path, options.keyPassphrase);
    if (loaded.kind === 'key') ways.push(keyWay(host.user, path, loaded));
    else if (loaded.kind === 'encrypted' && options.agentSocket !== undefined) skipped.push(`${path} (encrypted)`);
    else throw keyUnreadable(host, path, loaded);
  }
  if (options.agentSocket !== undefined) {
    ways.push({
      label: 'agent',
      needs: 'publickey',
      method: { type: 'agent', username: host.user, agent: options.agentSocket },
    });
  }
  for (const path of options.defaultKeys ?? defaultKeyFiles()) {
    const loaded = await loadKey(path, options.keyPassphrase);
    if (loaded.kind === 'key') ways.push(keyWay(host.user, path, loaded));
    else if (loaded.kind === 'encrypted') skipped.push(`${path} (encrypted)`);
    else if (loaded.kind === 'unreadable') skipped.push(`${path} (${loaded.problem})`);
  }
  if (host.password !== undefined) ways.push(...passwordWays(host.user, host.password));
  return authentication(host, ways, skipped);
}

function authentication(host: HostAddress, ways: readonly Way[], skipped: readonly string[]): Authentication {
  const rest = [...ways];
  const tried: string[] = [];
  let offered: readonly string[] | null = null;
  return {
    // The first call comes before the server said what it accepts: then `accepted` is null, whatever its type says.
    handler: (accepted: readonly string[] | null, _partial, next) => {
      if (accepted) offered = accepted;
      let way = rest.shift();
      while (way && offered && !offered.includes(way.needs)) way = rest.shift();
      if (way) tried.push(way.label);
      // ssh2 ends the attempt at `false`, which its types leave out.
      next(way ? way.method : (false as never));
    },
    failed: () => {
      const attempts = tried.length > 0 ? `tried ${tried.join(', ')}` : 'nothing to log in with';
      const accepts = offered && offered.length > 0 ? `; the server accepts ${offered.join(', ')}` : '';
      const left = skipped.length > 0 ? `; not usable: ${skipped.join(', ')}` : '';
      return new VezaError(
        'authentication-failed',
        `${host.name}: cannot log in as ${host.user} at ${host.address}: ${attempts}${accepts}${left}`,
        {
          hint:
            skipped.length > 0
              ? 'Add encrypted keys to the agent with ssh-add, or set ansible_ssh_private_key_file.'
              : 'Check ansible_user, and set ansible_ssh_private_key_file, run ssh-add, or give a password with -k.',
        },
      );
    },
  };
}

function keyWay(username: string, path: string, { key }: Extract<LoadedKey, { kind: 'key' }>): Way {
  return { label: `key ${path}`, needs: 'publickey', method: { type: 'publickey', username, key } };
}

function passwordWays(username: string, password: string): Way[] {
  let hasAnswered = false;
  return [
    { label: 'password', needs: 'password', method: { type: 'password', username, password } },
    {
      label: 'keyboard-interactive',
      needs: 'keyboard-interactive',
      method: {
        type: 'keyboard-interactive',
        username,
        // A server that asks again did not like the answer; an endless dialogue helps nobody.
        prompt: (_name, _instructions, _language, prompts, finish) => {
          finish(hasAnswered ? [] : prompts.map(() => password));
          if (prompts.length > 0) hasAnswered = true;
        },
      },
    },
  ];
}

function keyUnreadable(host: HostAddress, path: string, loaded: LoadedKey): VezaError {
  const problem =
    loaded.kind === 'encrypted'
      ? 'is encrypted, and no passphrase was given'
      : loaded.kind === 'missing'
        ? 'does not exist'
        : `cannot be used: ${loaded.kind === 'unreadable' ? loaded.problem : ''}`;
  const hint =
    loaded.kind === 'encrypted'
      ? `Add it to the agent: ssh-add ${path}`
      : 'Correct ansible_ssh_private_key_file; it names a private key in OpenSSH or PEM format.';
  return new VezaError('key-unreadable', `${host.name}: the key ${path} ${problem}`, { hint });
}
