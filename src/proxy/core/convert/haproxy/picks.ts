// `use-server` and `force-persist` of a backend -> statements for the rules that use it: HAProxy asks them last.
import type { Report } from '../report.ts';
import type { Acls } from './conditions.ts';
import { isTcp, type Proxy } from './sections.ts';
import { splitCondition, type Statement } from './statements.ts';

/** Those of a section; first who may go to a server that is down, then which server it is. */
export function picksOf(proxy: Proxy, acls: Acls, report: Report): readonly Statement[] {
  const persists: Statement[] = [];
  const servers: Statement[] = [];
  for (const line of proxy.lines) {
    const { first, words } = line;
    const isServer = first.text === 'use-server';
    if (!isServer && first.text !== 'force-persist') continue;
    const name = isServer ? words[1] : undefined;
    if (proxy.kind === 'frontend') {
      report.info(first, `\`${first.text}\` does nothing in a frontend`);
      continue;
    }
    if (isTcp(proxy)) {
      report.error(first, `\`${first.text}\` cannot be carried over in mode tcp`, 'Have a backend with that server.');
      continue;
    }
    const { words: said, condition } = splitCondition(line, isServer ? 2 : 1);
    if (said.length !== (isServer ? 2 : 1) || condition.length === 0)
      report.error(first, `\`${first.text}\` needs ${isServer ? 'a server and ' : ''}a condition`);
    else if (name?.text.includes('%'))
      report.error(name, 'a server can be named, not computed', 'Write a line for each server.');
    else {
      const cases = acls.cases(condition, first);
      if (!cases) continue;
      if (name) servers.push({ spot: name, cases, effect: { do: 'server', server: name.text } });
      else persists.push({ spot: first, cases, effect: { do: 'persist' } });
    }
  }
  return [...persists, ...servers];
}
