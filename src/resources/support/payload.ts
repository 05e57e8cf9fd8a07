// Carries bytes inside a script without putting them into any process's arguments.
import { Buffer } from 'node:buffer';
import { limits } from '../../lib/limits.ts';
import { joinScripts, rawShell, sh, type Script } from '../../lib/shell.ts';

/** A command that prints `bytes`; shell functions and here-documents only. */
export function printBytes(bytes: Uint8Array): Script {
  if (bytes.length === 0) return rawShell(':');
  const text = asText(bytes);
  if (text === null) return base64(bytes);
  // printf is a builtin in dash, BusyBox and bash, so the text is in no argument list of a process.
  if (!text.endsWith('\n')) return sh`printf %s ${text}`;
  const mark = freeMark(text);
  return rawShell(`cat <<'${mark}'\n${text}${mark}`);
}

/** Whether bytes travel in the script's text; above that they need a channel of their own. */
export function fitsInline(sizeBytes: number): boolean {
  return sizeBytes <= limits.inlineContentBytes;
}

function asText(bytes: Uint8Array): string | null {
  // A carriage return survives here-documents, but not every terminal-like transport; send those encoded too.
  if (bytes.includes(0) || bytes.includes(13)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function freeMark(text: string): string {
  let mark = 'VZ_END';
  while (text.includes(mark)) mark += '_';
  return mark;
}

function base64(bytes: Uint8Array): Script {
  const lines = Buffer.from(bytes).toString('base64').replace(/.{76}/g, '$&\n').trimEnd();
  return joinScripts(
    rawShell(`{ if command -v base64 >/dev/null 2>&1; then base64 -d
elif command -v openssl >/dev/null 2>&1; then openssl base64 -d
else echo 'this host has neither base64 nor openssl to decode a binary file' >&2; false; fi; } <<'VZ_BASE64'`),
    rawShell(`${lines}\nVZ_BASE64`),
  );
}
