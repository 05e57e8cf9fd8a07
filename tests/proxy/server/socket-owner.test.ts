// Who is told what happens on a socket: one at a time, without listeners that pile up or a moment in which nobody hears an error.
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { disown, own, ownerOf, type SocketOwner } from '../../../src/proxy/server/socket-owner.ts';

const events = ['drain', 'end', 'error', 'close'] as const;

class Listening implements SocketOwner {
  readonly heard: string[] = [];
  onDrain = () => void this.heard.push('drain');
  onEnd = () => void this.heard.push('end');
  onError = (error: Error) => void this.heard.push(error.message);
  onClose = () => void this.heard.push('close');
}

function tell(socket: Socket): void {
  for (const event of events) socket.emit(event, new Error('broken'));
}

it('tells one owner at a time, by the same listeners', () => {
  const socket = new Socket();
  const [first, second] = [new Listening(), new Listening()];
  own(socket, first);
  const listeners = events.map((event) => socket.listeners(event));
  tell(socket);
  own(socket, second);
  tell(socket);
  expect(events.map((event) => socket.listeners(event))).toEqual(listeners);
  expect([first.heard, second.heard]).toEqual([
    ['drain', 'end', 'broken', 'close'],
    ['drain', 'end', 'broken', 'close'],
  ]);
});

it('holds nobody once the socket is disowned, whose errors still end nothing', () => {
  const socket = new Socket();
  const owner = new Listening();
  own(socket, owner);
  disown(socket);
  expect(() => tell(socket)).not.toThrow();
  expect(owner.heard).toEqual([]);
  expect(ownerOf(socket)).not.toBe(owner);
});
