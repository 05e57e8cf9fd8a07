// Writes docs/infra.md: its tables from the schema of infra.yaml and the table of exit codes. A test fails where the file is
// not what this makes, and types its walk-through.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sectionNames } from '../src/infra/config/model.ts';
import { infraSchema } from '../src/infra/config/schema.ts';
import { setupSteps } from '../src/cli/prod/setup-steps.ts';
import { sectionUse } from '../src/cli/prod/sections.ts';

interface Part {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Part>>;
  readonly additionalProperties?: Part | boolean;
  readonly required?: readonly string[];
  readonly items?: Part;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

const words: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
};

function typeOf(part: Part): string {
  if (part.enum) return part.enum.map((one) => `\`${String(one)}\``).join(', ');
  if (part.type === 'array') return `list of ${part.items?.properties ? 'maps' : typeOf(part.items ?? {})}`;
  const types = [part.type ?? []].flat().map((one) => words[one] ?? one);
  const { minimum: least, maximum: most } = part;
  const range = least !== undefined && most !== undefined ? ` ${least}-${most}` : '';
  return types.join(' or ') + range;
}

interface Row {
  readonly path: string;
  readonly part: Part;
  readonly required: boolean;
}

/** Every key below a part that is no map itself. */
function rowsOf(path: string, part: Part, required: boolean): readonly Row[] {
  if (part.properties) {
    return Object.entries(part.properties).flatMap(([name, one]) =>
      rowsOf(path === '' ? name : `${path}.${name}`, one, part.required?.includes(name) ?? false),
    );
  }
  if (typeof part.additionalProperties === 'object') return rowsOf(`${path}.NAME`, part.additionalProperties, false);
  if (part.items?.properties) return rowsOf(`${path}[]`, part.items, required);
  return [{ path, part, required }];
}

function section(name: string): string {
  const part = (infraSchema as Part).properties?.[name] ?? {};
  const use = sectionUse[name as keyof typeof sectionUse];
  const rows = rowsOf(name, part, false).map(
    ({ path, part: one, required }) =>
      `| \`${path}\`${required ? ' (needed)' : ''} | ${typeOf(one)} | ${one.description ?? ''} |`,
  );
  const told = 'by' in use ? `Acted on by: ${use.by}.` : `${use.not[0]?.toUpperCase() ?? ''}${use.not.slice(1)}.`;
  return `### ${name}\n\n${told}\n\n| key | value | |\n|---|---|---|\n${rows.join('\n')}\n`;
}

const walk = `## Try it without an account

Everything in \`prod\` that talks to a service takes \`--offline\`: then it talks to fakes of Hetzner Cloud, Hetzner Robot and
ClouDNS on this machine, which hold what the file names and remember what was made (in \`$XDG_STATE_HOME/veza-run\`, usually
\`~/.local/state/veza-run\`). Write this \`infra.yaml\`:

\`\`\`yaml
hosts:
  web1: { ip: 192.0.2.21, type: hrobot, role: app, ssh: { user: root } }
  web2: { ip: 203.0.113.10, type: hcloud, role: app, ssh: { user: root } }

load_balancer:
  name: front
  fqdn: front.example.com
  type: lb11
  location: fsn1
  backends:
    - { host: web1, port: 80 }
    - { host: web2, port: 80 }
  health_check: { protocol: http, path: /health }
  listeners:
    - { frontend: 443, backend: 80, protocol: https, redirect_http: true }
  ssl: { certificate: front }

dns:
  zones:
    example.com:
      records:
        - { name: '@', type: A, value: '{{lb_ip}}' }
        - { name: www, type: CNAME, value: example.com }
\`\`\`

Then (a comment says the exit code, where it is not 0):

\`\`\`sh
veza-run prod setup --offline --dry-run   # 2: what would be made, nothing is changed
veza-run prod setup --offline             # makes it, and publishes the address of the load balancer
veza-run prod setup --offline --dry-run   # nothing is left to do
veza-run prod lb status --offline
veza-run prod dns list --offline
veza-run prod dns set test A 192.0.2.99 --offline
veza-run prod dns rm www CNAME --offline
veza-run prod dns diff --offline          # 2: the file wants www back
veza-run prod setup --offline --step dns
veza-run prod lb delete --offline         # 1: it is kept without --allow-destroy
veza-run prod status --offline
\`\`\`

Without \`--offline\` the same commands work on your account. Credentials are in the environment, never in the file:

| variable | for |
|---|---|
| \`HCLOUD_TOKEN\` | Hetzner Cloud; a token that may only read is enough for dry runs |
| \`HETZNER_ROBOT_USER\`, \`HETZNER_ROBOT_PASS\` | Hetzner Robot (only asked by \`discover\`) |
| \`CLOUDNS_AUTH_ID\`, \`CLOUDNS_AUTH_PASSWORD\` | ClouDNS; \`CLOUDNS_SUB_AUTH_ID\` or \`CLOUDNS_SUB_AUTH_USER\` instead of the id for sub-users |
| \`GITHUB_TOKEN\` or \`GH_TOKEN\` | \`veza-run monitor\` |
| \`HCLOUD_ENDPOINT\`, \`HETZNER_ROBOT_URL\`, \`CLOUDNS_URL\`, \`GITHUB_API_URL\` | other places than the services' own |

The hosts of the file are an inventory too: \`veza-run site.yml -i infra.yaml\`; each role is a group.
`;

const rules = `## What is ours, and what is not

What veza-run makes carries a mark: the label \`managed-by=veza-run\` in Hetzner Cloud, and beside each record set a TXT record
(\`_veza-run.www\`, \`heritage=veza-run type=CNAME\`). What has no mark is never changed: the run says so and fails, until you
correct the file or take it over with \`--adopt\`. Records with the mark that are not in the file any more are told, and deleted
only with \`--allow-destroy\`. A load balancer that leaves the file stays until \`prod lb delete --allow-destroy\`; networks and
firewalls stay, because another file of the same project may have them.

Records of one name and type are one set: all its values are in the file, with one TTL (rounded up to one that ClouDNS allows).
A value may refer to \`{{lb_ip}}\` or \`{{lb_private_ip}}\`.

Targets of the load balancer: a dedicated server (\`hrobot\`) by its address, a cloud server (\`hcloud\`) by its id, and by its
private address if it is in the network of the \`network\` section. Certificates: the one that \`load_balancer.ssl\` names is used
if it is in the project. If it is not, Hetzner gets it, which works for zones on Hetzner's own name servers only. For zones of the
\`dns\` section, and for wildcards, veza-run gets certificates by dns-01 and uploads them, again at each renewal: say
\`ssl.wildcard\`, and \`--agree-terms --email YOU\` once ([certificates](certificates.md)).

## Commands

| command | |
|---|---|
| \`prod setup [--step NAME]\` | all steps, or one: ${setupSteps.map((one) => `\`${one}\``).join(', ')}; stops at the step that fails |
| \`prod lb status\`, \`create\`, \`apply\`, \`delete\` | the load balancer with its network and certificates |
| \`prod dns list\`, \`set\`, \`rm\`, \`diff\` | records of a zone (\`--zone\`); \`set\` and \`rm\` are by hand and write no mark |
| \`prod ssl\` | the wildcard certificate |
| \`prod status\`, \`watch\` | hosts over SSH, load balancer, health endpoints, alerts |
| \`prod ssh HOST [-- WORDS]\` | logs in with the system's ssh |
| \`prod backups show\`, \`plan\`, \`apply\` | backups as systemd timers of their hosts |
| \`prod services show\`, \`plan\`, \`apply\`, \`status\`, \`start\`, \`stop\`, \`restart\`, \`logs\`, \`rm\` | data services in containers |
| \`monitor\` | open security alerts of GitHub repositories |

What changes something takes \`--dry-run\`, except \`apply\` of backups and services, whose dry run is \`plan\`. Nearly all take \`--json\`.
Time limits: status 60 s, dns and \`lb status\` 30 s, changes of the load balancer 120 s, setup 300 s; \`--timeout\` sets another.

## Exit codes

| code | |
|---|---|
| 0 | done, or nothing to do |
| 1 | a mistake in the file or in the words, something is not set; \`status\`, \`watch\` and \`lb status\`: something is not well; \`monitor\`: \`--fail-on\` is met |
| 2 | a dry run has found something to do |
| 3 | a service refused, or what was changed is not as it should be; \`monitor\`: something could not be asked |
| 4 | a service or a host could not be reached |
| 124 | the time was over (\`--timeout\`) |
| 130 | interrupted |

Mistakes in the file are told all at once, with their places, before anything is asked or changed.
`;

/** The text of docs/infra.md. */
export function infraDoc(): string {
  const sections = sectionNames.map(section).join('\n');
  return `<!-- Made by scripts/infra-doc.ts from the schema of infra.yaml: change it there. -->

# infra.yaml

One file names hosts, load balancer, DNS and what is around them; \`veza-run prod\` looks at what is there, shows the difference,
and makes it so. It is found in this folder or one above, or named with \`--config\`.

${walk}
${rules}
## Sections and keys

Unknown keys are mistakes. \`NAME\` is a name of yours, \`[]\` an entry of a list. A key that is needed is needed where the map
that it is in is there.

${sections}`;
}

if (import.meta.main) {
  writeFileSync(resolve(import.meta.dirname, '../docs/infra.md'), infraDoc());
}
