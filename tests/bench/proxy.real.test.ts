// `npm run bench:proxy` as it is run, as briefly as can be: what it starts answers, and nothing of it is left.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { missingPackages } from '../../bench/proxy/install.ts';

const script = fileURLToPath(new URL('../../scripts/bench-proxy.ts', import.meta.url));
const missing = missingPackages(['HAProxy']);
if (missing.length > 0 && process.env['CI'] !== undefined) throw new Error(`${missing.join(', ')} needed here`);
const folder = mkdtempSync(join(tmpdir(), 'veza-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bench(...options: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [script, ...options], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: folder },
  });
}

describe.skipIf(missing.length > 0)('the comparison of proxies', () => {
  it('measures, finds no failed request and cleans up', { timeout: 180_000 }, () => {
    const peers = ['--peers', 'veza-proxy,HAProxy'];
    const { status, stdout, stderr } = bench('--only', 'bare-1k', ...peers, '--rounds', '1', '--seconds', '0.3');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    // The row ends with its failed requests; a remark would follow. Figures may be anything on a busy machine.
    expect(stdout).toMatch(/^\| veza-proxy \| [0-9.]+ \| .* \| 0 \|$/m);
    expect(stdout).toMatch(/^\| HAProxy \| [0-9.]+ \| .* \| 0 \|$/m);
    expect(stdout).toMatch(/^[01] of 1 gates met$/m);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('names what there is when it is asked for something else', () => {
    const { status, stderr } = bench('--only', 'bare-2k');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^--only knows no bare-2k; there are latency, bare-1k, full-1k, .*, idle, growth\n$/);
  });
});
