// The configuration over the admin interface: read with an ETag, replaced as a whole.
import { copyFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import type { Diagnostic } from '../../../lib/diagnostic.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { ControlledProxy } from '../controlled-proxy.ts';
import { type AdminAnswer, type AdminRequest, json, problem } from './exchange.ts';

export function configAnswer({ proxy }: AdminRequest): AdminAnswer {
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

export async function applyConfig({ proxy, message, body, actor }: AdminRequest): Promise<AdminAnswer> {
  const text = String(body);
  const match = message.headers['if-match'];
  const before = etagOf(proxy);
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
  proxy.events.emit('admin_action', { actor, action: 'put-config', detail: { before, after: etag } });
  return json(200, { etag, problems }, { ETag: etag });
}

function etagOf(proxy: ControlledProxy): string {
  return `"${proxy.loaded().hash.slice(0, 32)}"`;
}

function problemView({ code, message, where, hint }: Diagnostic): object {
  return { code, message, hint, ...(where && { file: where.file, line: where.line, column: where.column }) };
}

/** In one step, so that whoever reads the file sees one or the other; what it was is kept beside it. */
function replaceFile(file: string, text: string): void {
  const mode = statSync(file).mode & 0o777;
  copyFileSync(file, `${file}.previous`);
  writeFileSync(`${file}.new`, text, { mode, flush: true });
  renameSync(`${file}.new`, file);
}
