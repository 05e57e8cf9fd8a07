// `-i hcloud.yml`: a file with `plugin: hcloud` reads as the inventory that the project's servers are now.
import { basename } from 'node:path';
import type { SourceFiles } from '../../core/source-files.ts';
import { DiagnosticsError, VezaError } from '../../lib/errors.ts';
import { dataOf } from '../../lib/yaml-node.ts';
import { parseYaml } from '../../lib/yaml.ts';
import { secrets } from '../secrets.ts';
import { readConfig, type HcloudInventoryConfig } from './config.ts';
import { fetchServers } from './fetch.ts';
import { inventoryOf } from './inventory.ts';

/** Files in which such a one reads as its inventory. Reading throws DiagnosticsError or VezaError for what is wrong. */
export function withHcloud(files: SourceFiles): SourceFiles {
  return {
    ...files,
    read: (path) => {
      const text = files.read(path);
      return text !== null && /(?:^|[._-])hcloud\.ya?ml$/.test(basename(path))
        ? inventoryText(text, path, files)
        : text;
    },
  };
}

function inventoryText(text: string, path: string, { reveal }: SourceFiles): string {
  const { root } = parseYaml(text, path, reveal);
  const data = root && dataOf(root);
  const plugin: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'plugin') : undefined;
  // A file of hosts may be called that too.
  if (!root || plugin === undefined) return text;
  const where = { file: path, line: 1, column: 1 };
  try {
    const config = readConfig(root);
    const { servers, networks } = fetchServers({
      ...credentials(config),
      selector: config.label_selector ?? config.selector ?? '',
      networks: config.network !== undefined,
    });
    return JSON.stringify(inventoryOf(config, servers, networks, where), null, 1);
  } catch (error) {
    if (!(error instanceof VezaError) || error instanceof DiagnosticsError || error.where) throw error;
    throw new VezaError(error.code, error.message, { where, ...(error.hint !== undefined && { hint: error.hint }) });
  }
}

/** Throws VezaError `missing-credentials`. */
function credentials(config: HcloudInventoryConfig): { readonly token: string; readonly endpoint?: string } {
  const variable = config.api_token_env ?? config.token_env ?? 'HCLOUD_TOKEN';
  const token = config.api_token ?? config.token ?? process.env[variable] ?? '';
  if (token === '')
    throw new VezaError('missing-credentials', `neither \`api_token\` is given nor ${variable} set in the environment`);
  secrets.add(token);
  const endpoint = config.api_endpoint ?? process.env['HCLOUD_ENDPOINT'] ?? '';
  return { token, ...(endpoint !== '' && { endpoint }) };
}
