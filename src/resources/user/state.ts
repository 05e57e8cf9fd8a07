// What is known of a user account, and the means to change it. Shapes only.

export interface UserId {
  readonly name: string;
  /** Look at the shadow entry too (password, lock, expiry); needs root. */
  readonly shadow?: boolean;
  readonly system?: boolean;
  readonly nonUnique?: boolean;
  readonly skeleton?: string;
  readonly umask?: string;
  /** On deletion: with the home folder. */
  readonly remove?: boolean;
  /** On deletion: although the user is logged in or others need the files. */
  readonly force?: boolean;
}

export interface UserState {
  readonly name: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Name of the primary group. */
  readonly group?: string;
  /** Names of the other groups, sorted. */
  readonly groups?: readonly string[];
  readonly comment?: string;
  readonly home?: string;
  readonly shell?: string;
  readonly homeExists?: boolean;
  /** The hash of /etc/shadow. Secret. */
  readonly password?: string;
  readonly locked?: boolean;
  /** Days since 1970 on which the account expires; -1: never. */
  readonly expiresDay?: number;
  /** Wanted only: the content of the old home moves to the new one. */
  readonly moveHome?: boolean;
}
