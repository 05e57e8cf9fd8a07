// Limits of connections that no user needs to set, each with its reason. Units are in the names.

export const connectionLimits = {
  /** Pipelined requests kept in memory before the client is paused. */
  pipelineBytes: 65_536,
  /** After an early answer the rest of a request is read and dropped for this long, so that the answer arrives. */
  lingerMs: 2000,
  /** During a graceful stop an idle client has this long to send its next request and hear `Connection: close`. */
  drainIdleMs: 1000,
  /** A response head larger than this is refused: four times what a request may have by default. */
  responseHeadBytes: 65_536,
  /** More 1xx responses than this before the final one are no answer but a flood. */
  informationalResponses: 32,
  /** Idle connections to servers are closed after this unless the server said less: Node's servers close after 5 s. */
  upstreamIdleMs: 4000,
} as const;

export const http2Limits = {
  /** Streams that a client gives up before their response: browsers do that in bursts, attacks without end. */
  resetBurst: 500,
  resetsPerSecond: 50,
  /** Pings and settings: a few a minute are usual. */
  controlBurst: 200,
  controlsPerSecond: 10,
  /** From saying so to the end of such a connection. */
  calmMs: 250,
  /** nghttp2 ends the connection beyond these. */
  invalidFrames: 100,
  rejectedStreams: 100,
  /** Of one connection, over all of its streams. */
  sessionMegabytes: 16,
  /** What a client may send over all streams before we have passed it on. */
  windowBytes: 1_048_576,
  /** Requests at once on a connection to a server, however many more it takes: what all servers allow. */
  upstreamStreams: 100,
  /** A connection to a server that was quiet for so long is asked whether anyone is there before what cannot be repeated. */
  quietMs: 1000,
  /** The answer to that: a server that is alive needs no time for it. */
  pingMs: 1000,
  /** How long it is remembered that a server chose HTTP/1.1 when it was offered both. */
  http1ForMs: 300_000,
  /** Streams are numbered up to 2^31; a connection ends before. */
  lastStream: 0x7fff_0000,
} as const;
