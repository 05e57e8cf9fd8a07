// Our readers beside Node's (llhttp, strict) on generated and damaged messages: what we forward, it frames the same way.
// `npm run test:long` does the same with many seeds, and live beside HAProxy and nginx.
import { describe, expect, it } from 'vitest';
import { fuzzAgainstNode } from '../support/framing/compare.ts';

const runs = 1500;

describe('messages that two parsers could take differently', () => {
  it.each([1, 2])('are framed as by llhttp or refused (seed %i)', async (seed) => {
    const { accepted, answers } = await fuzzAgainstNode(seed, runs);
    // Most are good ones: a reader that refuses all would agree, too.
    expect(accepted).toBeGreaterThan(runs / 4);
    expect(answers).toBeGreaterThan(runs / 4);
  });
});
