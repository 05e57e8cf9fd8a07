// What is known of a package, and the means to change it. Shapes only.
import type { Unknown } from '../../core/unknown.ts';

export type PackageManager = 'apt' | 'dnf' | 'apk';

export interface PackageId {
  /** Without version. */
  readonly name: string;
  /** Missing: the one that the host has. */
  readonly manager?: PackageManager;
  /** Look for the newest version too. */
  readonly latest?: boolean;
  /** It is to go: look what goes with it. */
  readonly leaving?: boolean;
  readonly options?: PackageOptions;
}

export interface PackageOptions {
  readonly installRecommends?: boolean;
  readonly defaultRelease?: string;
  readonly allowDowngrade?: boolean;
  readonly allowChangeHeld?: boolean;
  readonly allowUnauthenticated?: boolean;
  readonly onlyUpgrade?: boolean;
  readonly autoremove?: boolean;
  readonly lockTimeoutSeconds?: number;
  /** dpkg's --force-* names, without the dashes. */
  readonly dpkgOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface PackageState {
  readonly manager: PackageManager | 'none';
  readonly status: 'installed' | 'absent';
  /** Whether its configuration is (or may be) there: true of what is installed, and of what was removed but not purged. */
  readonly configuration: boolean;
  /** Of what is installed; missing where it is only predicted and not known. */
  readonly version?: string | Unknown;
  /** The newest version that the package lists offer; null: they know no such package. Missing: not looked up. */
  readonly candidate?: string | null | Unknown;
  /** The package that stands for a virtual one. */
  readonly providedBy?: string;
  /** What comes along if it is installed: name and version. */
  readonly brings?: Readonly<Record<string, string>>;
  /** What is removed if it is installed or removed as wanted. Missing: not known. */
  readonly takes?: readonly string[];
}
