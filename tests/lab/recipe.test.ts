// The recipe of the base tree.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { labRecipe } from '../../src/lab/recipe.ts';

describe('the recipe of the base tree', () => {
  it('has the same key for the same packages, and another one for others', () => {
    expect(labRecipe(['curl']).key).toBe(labRecipe(['curl']).key);
    expect(labRecipe(['curl', 'acl']).key).not.toBe(labRecipe(['curl']).key);
  });

  it('is a script that sh accepts', () => {
    execFileSync('sh', ['-n'], { input: labRecipe().customize });
  });

  it('keeps a hostile package name one word', () => {
    expect(labRecipe(['$(reboot)', 'a b']).customize).toContain(`install '$(reboot)' 'a b'\n`);
  });

  it('makes the local repository the only source of packages', () => {
    expect(labRecipe().customize).toContain(
      `echo 'deb [trusted=yes] file:/srv/veza-apt ./' >"$root/etc/apt/sources.list"`,
    );
    expect(labRecipe().customize).toContain('rm -rf "$root"/etc/apt/sources.list.d/*');
  });
});
