// Lines of a hosts file: ours are changed, all others stay to the byte.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownEntries, withEntry, withoutEntry } from '../../../src/infra/domains/hosts-text.ts';

const foreign = '127.0.0.1 localhost\n# a comment\n192.0.2.1\tprinter printer.lan\n';
const app = { name: 'app.test', addresses: ['127.0.0.1', '::1'] };

describe('the text of a hosts file', () => {
  it('gets lines with a tag at its end', () => {
    expect(withEntry(foreign, app)).toBe(
      `${foreign}127.0.0.1\tapp.test\t# managed by veza-run\n::1\tapp.test\t# managed by veza-run\n`,
    );
  });

  it('keeps CRLF, and ends a last line that has no end', () => {
    expect(withEntry('127.0.0.1 localhost\r\n10.0.0.1 last', app)).toBe(
      '127.0.0.1 localhost\r\n10.0.0.1 last\r\n127.0.0.1\tapp.test\t# managed by veza-run\r\n::1\tapp.test\t# managed by veza-run\r\n',
    );
  });

  it('changes our lines where they are', () => {
    const text = `${withEntry('', { ...app, addresses: ['10.0.0.1'] })}192.0.2.1 printer\n`;
    expect(withEntry(text, { ...app, addresses: ['10.0.0.2'] })).toBe(
      '10.0.0.2\tapp.test\t# managed by veza-run\n192.0.2.1 printer\n',
    );
  });

  it('adds nothing that a foreign line says already', () => {
    const text = '127.0.0.1 app.test\n::1 app.test\n';
    expect(withEntry(text, app)).toBe(text);
  });

  it('refuses where a foreign line says otherwise, with its number', () => {
    expect(() => withEntry('# x\n10.9.9.9 App.test\n', app)).toThrow(/line 2 .* app\.test .* 10\.9\.9\.9/);
  });

  it('lists our entries only', () => {
    expect(ownEntries(withEntry(foreign, app))).toEqual([app]);
  });

  it('is the same after adding twice, and as before after removing', () => {
    const line = fc.oneof(
      fc.constantFrom('127.0.0.1 localhost', '', '# app.test', '10.0.0.1 other # managed by somebody', '\t'),
      fc.string().map((text) => `# ${text.replaceAll(/[\r\n]/g, ' ').replaceAll('managed by veza-run', '')}`),
    );
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const text = lines.map((one) => one + end).join('');
        const added = withEntry(text, app);
        expect(withEntry(added, app)).toBe(added);
        expect(withoutEntry(added, app.name)).toBe(text);
      }),
    );
  });
});
