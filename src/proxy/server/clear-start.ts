// The first bytes of a connection without TLS where HTTP/2 may be spoken: who speaks it begins with its preface, which is
// no request of HTTP/1.
import { Opening } from './opening.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export class ClearStart extends Opening {
  #bytes = Buffer.alloc(0);

  protected override proceed(): void {
    this.raw.on('data', this.#read);
    this.raw.resume();
  }

  readonly #read = (bytes: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const compared = Math.min(this.#bytes.length, preface.length);
    const isSame = this.#bytes.compare(preface, 0, compared, 0, compared) === 0;
    if (isSame && compared < preface.length) return;
    this.giveBack(this.#read, this.#bytes);
    this.opened(this.raw, this.origin(undefined), isSame ? 'h2' : 'http/1.1');
  };
}
