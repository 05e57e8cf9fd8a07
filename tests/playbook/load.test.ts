// Reads every case of tests/playbook/cases: the diagnostics that people see, then what the engine gets.
import { join } from 'node:path';
import { formatDiagnostic } from '../../src/lib/diagnostic.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { filesOf, runTextCases } from '../support/text-cases.ts';
import { catalog } from './catalog.ts';
import { outlineOf } from './outline.ts';

runTextCases(join(import.meta.dirname, 'cases'), (files) => {
  const { playbook, diagnostics, sources } = loadPlaybook('site.yml', { files: filesOf(files), modules: catalog });
  const said = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, sources.get(diagnostic.where?.file ?? '')));
  return [...said, ...(playbook ? [outlineOf(playbook)] : [])].join('\n');
});
