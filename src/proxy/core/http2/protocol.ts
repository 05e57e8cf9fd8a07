// Numbers of HTTP/2 (RFC 9113): types of frames, flags, errors, settings.

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const frameHeadBytes = 9;
/** The largest payload that everybody takes; we neither ask for more nor send more. */
export const framePayloadBytes = 16_384;
/** Windows before anything was said. */
export const defaultWindow = 65_535;
export const largestWindow = 2 ** 31 - 1;
/** Of HPACK: the size of a dynamic table before anything was said, and what an entry counts beside its texts. */
export const defaultTableBytes = 4096;
export const entryBytes = 32;

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = {
  /** Of DATA and HEADERS. */
  endStream: 0x1,
  /** Of SETTINGS and PING. */
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

export const errorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const;

export type ErrorCode = (typeof errorCode)[keyof typeof errorCode];

export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  /** Of RFC 8441. */
  enableConnectProtocol: 8,
} as const;
