// What `veza-run lint` says beside mistakes: things that a reader of the playbook, or of its output, will miss.
import { isJsonObject } from '../lib/json.ts';
import type { Position } from '../lib/diagnostic.ts';
import type { RoleUse, Task } from '../playbook/ast.ts';
import type { Findings } from './findings.ts';
import type { LintOptions } from './options.ts';
import { tasksOfPlay } from './tasks-of.ts';

/** Modules that need no name: what they do is said by their arguments. */
const speakForThemselves = new Set([
  'meta',
  'debug',
  'assert',
  'fail',
  'set_fact',
  'include_vars',
  'include_tasks',
  'include_role',
]);

/** Programs for which there is a module that knows whether anything is to be done. */
const modulesFor: Readonly<Record<string, string>> = {
  'apt-get': 'apt',
  apt: 'apt',
  chmod: 'file',
  chown: 'file',
  groupadd: 'group',
  ln: 'file',
  mkdir: 'file',
  systemctl: 'systemd_service',
  useradd: 'user',
};

/** Reports with severity `info`. */
export function advise(options: LintOptions, findings: Findings): void {
  for (const { plays } of options.playbooks) {
    for (const play of plays) {
      if (!play.name) info(findings, 'unnamed-play', 'this play has no name', play.where, 'Give it a `name`.');
      for (const task of tasksOfPlay(play)) adviseTask(task, options, findings);
    }
  }
  adviseVariables(options, findings);
}

function adviseTask(task: Task, options: LintOptions, findings: Findings): void {
  if (!task.name && !speakForThemselves.has(task.module)) {
    const hint = 'Give it a `name` that says what for; it is what people see in a run.';
    info(findings, 'unnamed-task', `this task of ${task.module} has no name`, task.where, hint);
  }
  if (task.ignoreErrors?.raw === true && task.register === undefined) {
    const hint = 'Register the result and look at it, or say with `failed_when` what is no failure.';
    info(findings, 'ignored-errors', 'failures of this task are ignored unseen', task.ignoreErrors.where, hint, 4);
  }
  const [program, module] = programOf(task);
  if (module && options.findModule(module)) {
    const hint = `Use ${module}: it looks first, so that a dry run can tell and a second run changes nothing.`;
    info(
      findings,
      'command-for-module',
      `${program} is what the module ${module} does`,
      task.moduleWhere,
      hint,
      task.module.length,
    );
  }
}

function programOf(task: Task): readonly [string, string | undefined] {
  const { raw } = task.args;
  const command = isJsonObject(raw) && (task.module === 'command' || task.module === 'shell') ? raw['cmd'] : undefined;
  const text = typeof command === 'string' ? command : '';
  const program = /^(?:\/\S*\/)?([\w-]+)(?=\s|$)/.exec(text)?.[1] ?? '';
  // What only asks changes nothing; a pipe or a list of commands is more than the module does.
  if (/[|;&<>`$]/.test(text) || /^systemctl (?:is-|show|status|list)/.test(text)) return [program, undefined];
  return [program, Object.hasOwn(modulesFor, program) ? modulesFor[program] : undefined];
}

/** Variables of roles that no text of the project names. */
function adviseVariables(options: LintOptions, findings: Findings): void {
  const roles = new Map<string, RoleUse>();
  for (const { plays } of options.playbooks) {
    for (const play of plays) {
      for (const { role } of tasksOfPlay(play)) if (role) roles.set(role.path, role);
    }
  }
  const words = wordsOf(options.sources.values());
  for (const role of roles.values()) {
    const inFiles = wordsOf(options.textsOf(role.path));
    for (const variables of [role.defaults, role.vars]) {
      for (const [name, { where }] of variables) {
        // Its own definition is one.
        if ((words.get(name) ?? 0) > 1 || inFiles.has(name)) continue;
        const hint = 'Remove it, or use it.';
        info(findings, 'unused-variable', `nothing uses ${name} of the role ${role.name}`, { ...where }, hint);
      }
    }
  }
}

function wordsOf(texts: Iterable<string>): ReadonlyMap<string, number> {
  const words = new Map<string, number>();
  for (const text of texts) for (const [word] of text.matchAll(/\w+/g)) words.set(word, (words.get(word) ?? 0) + 1);
  return words;
}

function info(findings: Findings, code: string, message: string, where: Position, hint: string, length = 1): void {
  findings.add({ severity: 'info', code, message, where, length, hint });
}
