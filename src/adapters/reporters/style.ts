// What people chose to see.
import type pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

export interface Style {
  readonly colors: Colors;
  readonly diff: boolean;
  /** 0 to 4: -v, -vv, ... */
  readonly verbosity: number;
  /** How paths of the controller are shown. Default: as they are. */
  readonly path?: (file: string) => string;
  /** The text of a file of the controller, to show the line that failed. Default: no lines are shown. */
  readonly source?: (file: string) => string | undefined;
}
