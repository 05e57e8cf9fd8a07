// The one line that a long test says about what it did.

/** Prints it beside the reporter's own lines. */
export function say(line: string): void {
  process.stdout.write(`    ${line}\n`);
}
