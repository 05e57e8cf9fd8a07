// The third value: what cannot be known before something has run. It flows through expressions and plans.

const brand = Symbol('unknown');

export interface Unknown {
  readonly [brand]: true;
  /** Why it is not known, to be read after "unknown": `depends on "Install nginx"`. */
  readonly reason: string;
}

/** Makes an unknown value. */
export function unknown(reason: string): Unknown {
  return { [brand]: true, reason };
}

export function isUnknown(value: unknown): value is Unknown {
  return typeof value === 'object' && value !== null && brand in value;
}
