// The configuration over the admin interface: read with an ETag, replaced as a whole.
import { statSync } from 'node:fs';
import type { Diagnostic } from '../../../lib/diagnostic.ts';
import { messageOf } from '../../../lib/errors.ts';
import { diffConfigs, showDiff } from '../../core/diff/diff.ts';
import type { ControlledProxy } from '../controlled-proxy.ts';
import { replaceFile } from '../replace-file.ts';
import { pendingChanges, saveChanges } from '../write-back.ts';
import { type AdminAnswer, type AdminRequest, json, problem } from './exchange.ts';
import type { Route } from './routes.ts';

export const configRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/config',
    role: 'admin',
    summary: 'The text of the configuration that runs, with its ETag.',
    gives: 'application/yaml',
    run: configAnswer,
  },
  {
    method: 'PUT',
    path: '/api/config',
    role: 'admin',
    summary:
      'Put a configuration into force and into the file, whole or not at all. If-Match refuses what has changed meanwhile.',
    takesText: true,
    gives: 'Applied',
    run: applyConfig,
  },
  {
    method: 'GET',
    path: '/api/config/changes',
    role: 'admin',
    summary: 'What was changed at run time and is not in the file, as a diff; `left` is what no file can say.',
    gives: 'Changes',
    run: changesAnswer,
  },
  {
    method: 'POST',
    path: '/api/config/save',
    role: 'admin',
    summary: 'Write that into the file, which is kept as FILE.previous.',
    gives: 'Changes',
    run: saveConfig,
  },
];

function configAnswer({ proxy }: AdminRequest): AdminAnswer {
  const { texts, document } = proxy.loaded();
  const [only] = texts.values();
  // A folder of files is told as the one document that they make.
  const text = texts.size === 1 && only !== undefined ? only : `${JSON.stringify(document, null, 2)}\n`;
  return {
    status: 200,
    headers: { 'Content-Type': 'application/yaml; charset=utf-8', ETag: etagOf(proxy) },
    body: text,
  };
}

async function applyConfig({ proxy, message, body, actor }: AdminRequest): Promise<AdminAnswer> {
  const text = String(body);
  const match = message.headers['if-match'];
  const before = etagOf(proxy);
  const old = proxy.config();
  if (match !== undefined && match !== '*' && !match.split(/\s*,\s*/).includes(before)) {
    return problem(
      412,
      'config-changed',
      'the configuration has changed since it was read; read it again and make the change there',
    );
  }
  if (statSync(proxy.file).isDirectory()) {
    return problem(409, 'config-folder', 'the configuration is a folder of files: change these, then POST /api/reload');
  }
  const result = await proxy.apply({ text, name: proxy.file });
  const problems = result.problems.map(problemView);
  if (!result.ok) return problem(422, 'config-refused', result.message ?? 'refused', problems);
  try {
    replaceFile(proxy.file, text);
  } catch (error) {
    // The file says what the next start does: what it does not say must not run on.
    await proxy.reload();
    return problem(
      409,
      'cannot-write',
      `the file cannot be written, so the configuration is as before: ${messageOf(error)}`,
    );
  }
  const etag = etagOf(proxy);
  proxy.events.emit('admin_action', {
    actor,
    action: 'put-config',
    detail: { before, after: etag, diff: showDiff(diffConfigs(old, proxy.config())) },
  });
  return json(200, { etag, problems }, { ETag: etag });
}

/** What runs and is not in the file. */
function changesAnswer({ proxy }: AdminRequest): AdminAnswer {
  const pending = pendingChanges(proxy);
  if ('problem' in pending) return problem(409, 'cannot-save', pending.problem);
  return json(200, { diff: pending.diff, left: pending.left });
}

/** Puts it there. */
async function saveConfig({ proxy, actor }: AdminRequest): Promise<AdminAnswer> {
  const result = await saveChanges(proxy, actor);
  if ('problem' in result) return problem(409, 'cannot-save', result.problem);
  const { diff, left } = result.saved;
  return json(200, { diff, left, etag: etagOf(proxy) }, { ETag: etagOf(proxy) });
}

function etagOf(proxy: ControlledProxy): string {
  return `"${proxy.loaded().hash.slice(0, 32)}"`;
}

function problemView({ code, message, where, hint }: Diagnostic): object {
  return { code, message, hint, ...(where && { file: where.file, line: where.line, column: where.column }) };
}
