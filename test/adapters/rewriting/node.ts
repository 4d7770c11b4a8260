import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { httpSecurity } from '@sallyport/adapters/http';
import { listening } from '../demo-servers.js';
import { testCertificate } from '../test-certificate.js';
import { overridden, type RewritingRow, stripped, withoutFirstSegment } from './row.js';

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

const strip = (request: AnyRequest) => {
  request.url = withoutFirstSegment(request.url ?? '');
};

/** As Connect does before it cuts a mount off. */
const stripAndKeep = (request: AnyRequest) => {
  Object.assign(request, { originalUrl: request.url });
  strip(request);
};

const override = (request: AnyRequest) => {
  Object.assign(request, { method: String(request.headers['x-http-method-override']) });
};

type Rewriting = Omit<RewritingRow, 'open' | 'protocol'> & { rewrite(request: AnyRequest): void };

/** The listener of both protocols: what is rewritten in front of it is all that differs. */
function listenerOf(rewrite: Rewriting['rewrite'], ...given: Parameters<RewritingRow['open']>) {
  const secured = httpSecurity(...given)<AnyRequest, AnyResponse>((_request, response) => void response.end('ran'));
  return (request: AnyRequest, response: AnyResponse) => {
    rewrite(request);
    secured(request, response);
  };
}

const overHttp1 = ({ rewrite, ...row }: Rewriting): RewritingRow => ({
  ...row,
  open: (...given) => listening(createServer(listenerOf(rewrite, ...given))),
});

const overHttp2 = ({ rewrite, ...row }: Rewriting): RewritingRow => ({
  ...row,
  protocol: 'h2',
  open: async (...given) => listening(createSecureServer(await testCertificate(), listenerOf(rewrite, ...given))),
});

export const NODE_ROWS: readonly RewritingRow[] = [
  overHttp1({ name: 'node:http: request.url =', sent: stripped, isReceivedLost: true, rewrite: strip }),
  overHttp1({ name: 'node:http: request.url =, originalUrl kept', sent: stripped, rewrite: stripAndKeep }),
  overHttp1({ name: 'node:http: request.method =', sent: overridden, isReceivedLost: true, rewrite: override }),
  overHttp2({ name: 'node:http2: request.url =', sent: stripped, rewrite: strip }),
  overHttp2({ name: 'node:http2: request.method =', sent: overridden, rewrite: override }),
];
