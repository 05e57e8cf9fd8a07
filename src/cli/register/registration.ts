// What a command brings to the command line: one small file in this folder. The command itself is loaded when it is called.
import type { Command } from 'commander';

/** Adds one command to the program; what it resolves to is told to `report` as the exit code. */
export type Register = (program: Command, report: (exitCode: number) => void) => void;
