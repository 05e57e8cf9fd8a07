// How systemctl is called for each manager.
import { rawShell, type Script } from '../../lib/shell.ts';
import type { UnitScope } from './state.ts';

export function systemctl(scope: UnitScope): Script {
  return rawShell(scope === 'user' ? 'systemctl --user' : 'systemctl');
}

/** Sessions without PAM lack the variable that leads to the user's manager. */
export const userBus = rawShell('XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR');
