// Accepts clients for a worker. All of them are read into the same memory: who is told of bytes copies what it keeps.
// New memory for every read, as net.Server has it, costs more than all that is done with a request.
import { createServer, type Server, Socket, type SocketConstructorOpts } from 'node:net';

const backlog = 4096;
/** One read: large enough that uploads cost few calls. */
const receiveBytes = 65_536;

/** Takes what a client sends; the bytes are gone after the call. */
export type Receive = (bytes: Buffer) => void;

interface AcceptingHandle {
  onconnection?: (status: number, handle: object | undefined) => void;
}

const shared = Buffer.allocUnsafeSlow(receiveBytes);

/** What is done with those who connect. */
export interface Acceptor {
  /** False: the socket is read by somebody else (TLS), in its own way. */
  readonly isPlain: () => boolean;
  /** Gets each socket and says who takes what comes from it. */
  readonly open: (socket: Socket) => Receive | undefined;
}

/** Listens on a handle of the master. */
export function acceptOn(handle: unknown, acceptor: Acceptor): Server {
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    const receive = acceptor.open(socket);
    if (receive) socket.on('data', receive);
  });
  server.listen(handle, backlog, () => {
    // net.Server cannot be told what its sockets read into. Without this (undocumented) place all works, only slower.
    const accepting = (server as unknown as { _handle?: AcceptingHandle })._handle;
    if (accepting?.onconnection) accepting.onconnection = (status, client) => accept(status, client, acceptor);
  });
  return server;
}

function accept(status: number, handle: object | undefined, { isPlain, open }: Acceptor): void {
  if (status !== 0 || !handle) return;
  const client: { receive?: Receive | undefined } = {};
  const options: SocketConstructorOpts = {
    // What libuv accepted; the types know only handles that user code can make.
    handle: handle as NonNullable<SocketConstructorOpts['handle']>,
    allowHalfOpen: true,
    ...(isPlain() && {
      onread: {
        buffer: shared,
        callback: (size: number) => {
          client.receive?.(shared.subarray(0, size));
          return true;
        },
      },
    }),
  };
  const socket = new Socket(options);
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  client.receive = open(socket);
}
