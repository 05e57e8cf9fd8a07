// What must hold between our readers and Node's: whatever we would forward, a strict other parser frames the same way.
import { METHODS } from 'node:http';
import fc from 'fast-check';
import { pieces, requests, responses, type Sent } from './messages.ts';
import { NodeRequests, responseReadByNode } from './node.ts';
import { type FramedRequest, framedByUs, responseReadByUs } from './ours.ts';
import { commonTarget } from './targets.ts';

function normal({ method, target, body, whole }: FramedRequest): string {
  return JSON.stringify([method, commonTarget(method, target), body, whole]);
}

/** Why the two see different requests; undefined if all that we forward is the same there. */
async function requestDifference(sent: Sent, node: NodeRequests): Promise<string | undefined> {
  const all = pieces(sent);
  const ours = framedByUs(all);
  const theirs = await node.frame(all);
  for (const [index, request] of ours.requests.entries()) {
    // It refuses methods that it does not know; the live run looks behind them.
    if (!METHODS.includes(request.method) || request.method === 'PRI') return undefined;
    const other = theirs.requests[index];
    if (!other) return `request ${index + 1} is none there: ${normal(request)}`;
    // What breaks off inside a body is forwarded up to there and then cut: only its beginning must be the same.
    const cut = ours.closed && !request.whole;
    const same = cut
      ? request.method === other.method && other.body.startsWith(request.body)
      : normal(request) === normal(other);
    if (!same) return `request ${index + 1}: ${normal(request)} here, ${normal(other)} there`;
    if (other.upgrades) return undefined;
  }
  if (!ours.closed && theirs.requests.length !== ours.requests.length)
    return `${ours.requests.length} requests here, ${theirs.requests.length} there`;
  return undefined;
}

/** The same for the answer to a request. */
async function responseDifference(sent: Sent, method: string): Promise<string | undefined> {
  const all = pieces(sent);
  const ours = responseReadByUs(all, method === 'HEAD');
  if (!ours) return undefined;
  const theirs = await responseReadByNode(all, method);
  const [one, other] = [JSON.stringify(ours), JSON.stringify(theirs)];
  // What we cut off is told to the client by the end of its connection; what it got until then must be right.
  if (ours.whole ? one === other : theirs === undefined || theirs.body.startsWith(ours.body)) return undefined;
  return `${one} here, ${other} there`;
}

/** Runs both properties; throws with the shortest message that breaks one and the seed. */
export async function fuzzAgainstNode(seed: number, runs: number): Promise<{ accepted: number; answers: number }> {
  const node = new NodeRequests();
  let [accepted, answers] = [0, 0];
  await fc.assert(
    fc.asyncProperty(requests, async (sent) => {
      const difference = await requestDifference(sent, node);
      if (difference !== undefined) throw new Error(difference);
      accepted += framedByUs(pieces(sent)).requests.length;
    }),
    { seed, numRuns: runs },
  );
  await fc.assert(
    fc.asyncProperty(responses, fc.constantFrom('GET', 'HEAD', 'POST'), async (sent, method) => {
      const difference = await responseDifference(sent, method);
      if (difference !== undefined) throw new Error(difference);
      if (responseReadByUs(pieces(sent), method === 'HEAD')?.whole === true) answers += 1;
    }),
    { seed, numRuns: runs },
  );
  return { accepted, answers };
}
