// The body of an answer as text, up to a limit.
import { ApiError } from './errors.ts';

/** Answers beyond this are a mistake: the largest page of any of these APIs is far below. */
const maxAnswerBytes = 16 * 1024 * 1024;

/** Rejects with ApiError `api-bad-response` where it is too large. */
export async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (!body) return '';
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxAnswerBytes)
      throw new ApiError('api-bad-response', `the answer is larger than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
