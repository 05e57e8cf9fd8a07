// Profiles, heap snapshots and numbers of the processes over the admin interface; only where the configuration has a folder
// for them.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../../lib/errors.ts';
import type { DiagnosisAnswer, DiagnosisQuestion } from '../diagnosis.ts';
import { type AdminAnswer, type AdminRequest, json, problem } from './exchange.ts';
import type { Route } from './routes.ts';

const most = { seconds: 60 } as const;
const usual = { numbers: 1, profile: 10 } as const;

export const debugRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/debug/processes',
    role: 'admin',
    summary: 'Memory, CPU time, delays of the event loop and garbage collections of every process. Needs admin.debug.',
    query: { seconds: 'How long to look (1).' },
    gives: 'Processes',
    run: processNumbers,
  },
  {
    method: 'POST',
    path: '/api/debug/cpu-profile',
    role: 'admin',
    summary: 'Write a CPU profile of a process into the folder of admin.debug.',
    query: { process: 'Number of a worker (0), or master.', seconds: 'How long, at most 60 (10).' },
    gives: 'Written',
    run: (request) => writeDiagnosis(request, 'cpu-profile'),
  },
  {
    method: 'POST',
    path: '/api/debug/heap-snapshot',
    role: 'admin',
    summary: 'Write a heap snapshot of a process into the folder of admin.debug. It stands still meanwhile.',
    query: { process: 'Number of a worker (0), or master.' },
    gives: 'Written',
    run: (request) => writeDiagnosis(request, 'heap-snapshot'),
  },
];

/** Of all processes, at the same time. */
async function processNumbers(request: AdminRequest): Promise<AdminAnswer> {
  const off = refusal(request);
  if (off) return off;
  const seconds = secondsOf(request, usual.numbers);
  if (seconds === undefined) return badSeconds;
  const { proxy } = request;
  const names = ['master', ...proxy.workerNumbers().map(String)];
  const items = await Promise.all(
    names.map(async (name) => ({
      process: name,
      ...shown(await ask(request, name, { what: 'numbers', seconds, file: '' })),
    })),
  );
  return json(200, { items });
}

/** Writes a file of one process and says where it is. */
async function writeDiagnosis(request: AdminRequest, what: 'cpu-profile' | 'heap-snapshot'): Promise<AdminAnswer> {
  const off = refusal(request);
  if (off) return off;
  const seconds = what === 'cpu-profile' ? secondsOf(request, usual.profile) : 0;
  if (seconds === undefined) return badSeconds;
  const { proxy, query, actor } = request;
  const name = query.get('process') ?? '0';
  if (name !== 'master' && !proxy.workerNumbers().map(String).includes(name)) {
    return problem(404, 'no-process', `there is no process \`${name}\`: it is \`master\` or the number of a worker`);
  }
  const folder = proxy.config().admin?.debug ?? '';
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const file = join(folder, `${what}-${name}-${time}.${what === 'cpu-profile' ? 'cpuprofile' : 'heapsnapshot'}`);
  const answer = await ask(request, name, { what, seconds, file });
  if ('problem' in answer) return problem(409, 'debug-failed', answer.problem);
  proxy.events.emit('admin_action', { actor, action: what, detail: { process: name, file } });
  return json(200, answer);
}

const badSeconds = problem(400, 'bad-seconds', `\`seconds\` is a number from 1 to ${most.seconds}`);

function refusal({ proxy }: AdminRequest): AdminAnswer | undefined {
  const folder = proxy.config().admin?.debug;
  if (folder === undefined) {
    return problem(404, 'debug-off', 'there is nothing here unless `admin.debug` names a folder for profiles');
  }
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    return problem(409, 'debug-folder', `the folder of \`admin.debug\` cannot be written: ${messageOf(error)}`);
  }
}

function secondsOf({ query }: AdminRequest, otherwise: number): number | undefined {
  const seconds = Number(query.get('seconds') ?? otherwise);
  return seconds >= 1 && seconds <= most.seconds ? seconds : undefined;
}

async function ask({ proxy }: AdminRequest, name: string, question: DiagnosisQuestion): Promise<DiagnosisAnswer> {
  if (name !== 'master') return proxy.diagnose(Number(name), question);
  const { diagnose } = await import('../diagnosis.ts');
  return diagnose(question);
}

function shown(answer: DiagnosisAnswer): object {
  return 'numbers' in answer ? answer.numbers : answer;
}
