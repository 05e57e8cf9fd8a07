// A playbook as indented text, for expectations: every line shows what the engine would get.
import type { Include, Inherited, Node, Play, Playbook, RoleUse, Task } from '../../src/playbook/ast.ts';
import type { Templated, Variables } from '../../src/language/value.ts';

export function outlineOf(playbook: Playbook): string {
  return playbook.plays.map(playLines).flat().join('\n');
}

function playLines(play: Play): string[] {
  return [
    `play ${words(play.hosts)}${play.name ? ` ${words(play.name)}` : ''}`,
    ...[
      ...inheritedLines(play),
      ...list('tags', play.tags),
      ...variables('vars', play.vars),
      ...list('vars_files', play.varsFiles.map(words)),
      ...list('serial', play.serial.map(words)),
      ...one('max_fail_percentage', play.maxFailPercentage),
      ...one('remote_user', play.remoteUser),
      ...one('connection', play.connection),
      ...(play.gatherFacts === 'always' ? ['gather_facts'] : []),
      ...(play.forceHandlers ? ['force_handlers'] : []),
      ...(play.order === 'inventory' ? [] : [`order ${play.order}`]),
      ...play.sections.flatMap(({ name, nodes }) => [name, ...indent(nodes.flatMap(nodeLines))]),
      ...(play.handlerNodes.length > 0 ? ['handlers', ...indent(play.handlerNodes.flatMap(nodeLines))] : []),
    ].map((line) => `  ${line}`),
  ];
}

function nodeLines(node: Node): string[] {
  if (node.kind === 'task') return taskLines(node);
  if (node.kind === 'include') return includeLines(node);
  const part = (name: string, nodes: readonly Node[]) =>
    nodes.length > 0 ? [name, ...indent(nodes.flatMap(nodeLines))] : [];
  return [
    `block${node.name ? ` ${words(node.name)}` : ''}`,
    ...indent([...part('do', node.nodes), ...part('rescue', node.rescue), ...part('always', node.always)]),
  ];
}

function includeLines({ task, known }: Include): string[] {
  const inside = known ? known.nodes.flatMap(nodeLines) : [];
  return [
    ...taskLines(task),
    ...indent(inside.length > 0 ? ['leads to', ...indent(inside)] : []),
    ...indent(
      known && known.handlers.length > 0 ? ['brings handlers', ...indent(known.handlers.flatMap(nodeLines))] : [],
    ),
  ];
}

function taskLines(task: Task): string[] {
  const { loop } = task;
  return [
    `${task.module} ${JSON.stringify(task.args.raw)}${task.name ? ` # ${words(task.name)}` : ''}`,
    ...indent([
      ...inheritedLines(task),
      ...list(
        'when',
        task.when.map(({ source }) => source),
      ),
      ...list('tags', task.tags),
      ...task.vars.flatMap((layer) => variables('vars', layer)),
      ...task.includeParams.flatMap((layer) => variables('include params', layer)),
      ...(loop
        ? [
            `loop ${words(loop.items)} as ${loop.variable}${loop.indexVariable === undefined ? '' : `, ${loop.indexVariable}`}`,
            ...one('label', loop.label),
            ...one('pause', loop.pauseSeconds),
          ]
        : []),
      ...(task.register === undefined ? [] : [`register ${task.register}`]),
      ...list('notify', task.notify.map(words)),
      ...list('listen', task.listen),
      ...list(
        'changed_when',
        (task.changedWhen ?? []).map(({ source }) => source),
      ),
      ...list(
        'failed_when',
        (task.failedWhen ?? []).map(({ source }) => source),
      ),
      ...list(
        'until',
        (task.until ?? []).map(({ source }) => source),
      ),
      ...one('retries', task.retries),
      ...one('delay', task.delaySeconds),
      ...one('delegate_to', task.delegateTo),
      ...one('throttle', task.throttle),
      ...(task.role ? roleLines(task.role) : []),
    ]),
  ];
}

function roleLines(role: RoleUse): string[] {
  const name = [...role.parents, role].map((one) => one.name).join(' > ');
  return [
    `role ${name}`,
    ...indent([
      ...variables('defaults', role.defaults),
      ...variables('vars', role.vars),
      ...variables('params', role.params),
      ...variables('entry vars', role.entryVars),
      ...(role.argumentSchema ? [`schema ${JSON.stringify(role.argumentSchema)}`] : []),
    ]),
  ];
}

function inheritedLines(from: Inherited): string[] {
  return [
    ...one('become', from.become),
    ...one('become_user', from.becomeUser),
    ...one('become_method', from.becomeMethod),
    ...one('check_mode', from.checkMode),
    ...one('diff', from.diff),
    ...one('no_log', from.noLog),
    ...one('ignore_errors', from.ignoreErrors),
    ...one('ignore_unreachable', from.ignoreUnreachable),
    ...one('run_once', from.runOnce),
    ...one('timeout', from.timeoutSeconds),
    ...one('any_errors_fatal', from.anyErrorsFatal),
    ...list('environment', from.environment.map(words)),
    ...list('module_defaults', from.moduleDefaults.map(words)),
  ];
}

function one(name: string, value: Templated | undefined): string[] {
  return value ? [`${name} ${words(value)}`] : [];
}

function list(name: string, values: readonly string[]): string[] {
  return values.length > 0 ? [`${name} ${values.join(' | ')}`] : [];
}

function variables(name: string, values: Variables): string[] {
  return values.size > 0 ? [`${name} ${[...values].map(([key, value]) => `${key}=${words(value)}`).join(' ')}`] : [];
}

function words(value: Templated): string {
  return typeof value.raw === 'string' ? value.raw : JSON.stringify(value.raw);
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
