// The answer to the handshake of a WebSocket whose server was asked over HTTP/2 (RFC 8441).
import { createHash } from 'node:crypto';
import { ResponseHead } from '../core/http/response-head.ts';
import { withoutFields } from '../core/http/scan.ts';

/** Of RFC 6455, 1.3. */
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** `head`: what the server said to the tunnel. */
export function webSocketHead(head: ResponseHead, key: string): ResponseHead {
  const made = new ResponseHead();
  const accept = createHash('sha1')
    .update(key + guid)
    .digest('base64');
  const fields = withoutFields(head.fields, ['content-length', 'sec-websocket-accept']);
  made.status = 101;
  made.statusText = '101 Switching Protocols';
  made.length = 0;
  made.upgrade = 'websocket';
  made.hasSetCookie = head.hasSetCookie;
  made.fields = `${fields}Sec-WebSocket-Accept: ${accept}\r\n`;
  return made;
}
