// What is known of a package, and the means to change it. Shapes only.

export type PackageManager = 'apt' | 'dnf' | 'apk';

export interface PackageId {
  /** Without version. */
  readonly name: string;
  /** Missing: the one that the host has. */
  readonly manager?: PackageManager;
  /** Look for the newest version too. */
  readonly latest?: boolean;
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
  /** `config-files`: removed, its configuration is still there. */
  readonly status: 'installed' | 'config-files' | 'absent';
  /** Of what is installed; missing where it is only predicted. */
  readonly version?: string;
  /** The newest version that the package lists offer; null: they know no such package. Missing: not looked up. */
  readonly candidate?: string | null | object;
  /** The package that stands for a virtual one. */
  readonly providedBy?: string;
  /** What comes along if it is installed: name and version. */
  readonly brings?: Readonly<Record<string, string>>;
}
