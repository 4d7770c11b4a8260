import { once } from 'node:events';
import { connect } from 'node:tls';

/** The certificate of an https server on this machine, as PEM. */
export async function certificateOf(origin: string): Promise<string> {
  const socket = connect({ host: 'localhost', port: Number(new URL(origin).port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return `-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----\n`;
}
