// A `frontend` or `listen` in mode tcp -> ours: `tcp-request` lines that let in or reject, then `use_backend`, as rules about
// source, SNI and ALPN.
import type { Draft } from '../draft.ts';
import type { Report, Spot } from '../report.ts';
import { type BindContext, convertBinds } from './binds.ts';
import { noCondition } from './cases.ts';
import type { Acls } from './conditions.ts';
import { rules } from './frontend.ts';
import { convertMaxconn } from './limits.ts';
import { waysOf } from './rules.ts';
import type { Proxy } from './sections.ts';
import { splitCondition, type Statement } from './statements.ts';
import { durationOf } from './units.ts';
import type { Line } from './words.ts';

type Entries = Record<string, unknown>;

/** Names of what follows the lines of a stage; no backend can be called so. */
const content = ' content';
const choice = ' choice';

/** `uses`: the `use_backend` lines, and last what is for all others. */
export function convertTcpFrontend(
  proxy: Proxy,
  acls: Acls,
  uses: readonly Statement[],
  context: BindContext,
): Entries {
  const { draft, report } = context;
  const frontend: Entries = {};
  draft.put(frontend, 'name', proxy.name, proxy.spot);
  draft.put(frontend, 'mode', 'tcp', proxy.spot);
  convertBinds(proxy.lines, proxy.spot, frontend, context);
  convertMaxconn(proxy.lines, frontend, context);
  inspectDelay(proxy.lines, frontend, draft, report);
  const chosen = uses.map(orClose);
  const stages: Readonly<Record<string, readonly Statement[]>> = {
    [content]: [...gatesOf(proxy.lines, 'content', choice, acls), goOn(choice, proxy.spot)],
    [choice]: chosen,
  };
  const first = [
    ...gatesOf(proxy.lines, 'connection', content, acls),
    ...gatesOf(proxy.lines, 'session', content, acls),
    goOn(content, proxy.spot),
  ];
  const ways = waysOf(first, (name) => stages[name] ?? [], report);
  const last = ways.at(-1);
  // Who meets no rule is closed anyway.
  const isClosed = last?.end.do === 'answer' && last.when.holds.length + last.when.fails.length === 0;
  rules(isClosed ? ways.slice(0, -1) : ways, frontend, draft, report);
  return frontend;
}

function inspectDelay(lines: readonly Line[], frontend: Entries, draft: Draft, report: Report): void {
  const line = lines.findLast(({ first, words }) => first.text === 'tcp-request' && words[1]?.text === 'inspect-delay');
  const [, , word] = line?.words ?? [];
  if (!word) return;
  const duration = durationOf(word.text);
  if (duration === undefined) report.error(word, `\`${word.text}\` is not a duration`);
  else draft.put(frontend, 'inspectDelay', duration, word);
}

/** Lines of one stage. Where none of them rejects nobody need be let in. */
function gatesOf(lines: readonly Line[], stage: string, next: string, acls: Acls): readonly Statement[] {
  const own = lines.filter(({ first, words }) => first.text === 'tcp-request' && words[1]?.text === stage);
  const isAction = (line: Line, name: string): boolean => line.words[2]?.text === name;
  if (!own.some((line) => isAction(line, 'reject'))) return [];
  return own.flatMap((line): readonly Statement[] => {
    const [, , action] = line.words;
    if (!action || !(isAction(line, 'accept') || isAction(line, 'reject'))) return [];
    const cases = acls.cases(splitCondition(line, 3).condition, action);
    if (!cases) return [];
    return [isAction(line, 'accept') ? { ...goOn(next, action), cases } : { ...closed(action), cases }];
  });
}

function goOn(stage: string, spot: Spot): Statement {
  return { spot, cases: [noCondition], effect: { do: 'use', backend: stage } };
}

function closed(spot: Spot): Statement {
  return { spot, cases: [noCondition], effect: { do: 'answer', answer: { reject: true }, headers: [] } };
}

/** Nobody can be answered here. */
function orClose(statement: Statement): Statement {
  return statement.effect.do === 'answer' ? { ...closed(statement.spot), cases: statement.cases } : statement;
}
