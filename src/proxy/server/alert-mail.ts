// Mails of certificates that run out, as the configuration says; the password is read when one is sent.
import { readFileSync } from 'node:fs';
import type { AlertChannel } from '../../acme/expiry.ts';
import { smtpChannel } from '../../acme/smtp.ts';
import type { AlertMailConfig } from '../core/config/tls-model.ts';

export function mailChannel({
  host,
  port,
  security,
  user,
  passwordFile,
  from,
  to,
  trust,
}: AlertMailConfig): AlertChannel {
  return {
    name: `mail by ${host}`,
    send: async (alert, signal) => {
      const options = {
        ...{ host, security, from, to },
        ...(port !== undefined && { port }),
        ...(user !== undefined && { user }),
        ...(passwordFile !== undefined && { password: readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '') }),
        ...(trust !== undefined && { trust: readFileSync(trust, 'utf8') }),
      };
      await smtpChannel(options, Date.now).send(alert, signal);
    },
  };
}
