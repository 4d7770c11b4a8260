import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { BodyServer } from './body-servers.js';

/** The limit of the chain that decides about the corpus. */
export const LIMIT = 200_000;

/** One request with a signature over its body, and what comes of it. One character of `body` is one byte. */
export interface BodyRow {
  readonly rule: string;
  readonly path: string;
  /** Default `POST`. */
  readonly method?: string;
  readonly type?: string;
  readonly lines?: readonly string[];
  readonly body: string;
  /** The sizes of chunks; with none, the length is declared. HTTP/2 has no chunks, and then declares no length. */
  readonly chunks?: readonly number[];
  /** The whole body with its chunks, as it is written. For HTTP/1.1 only. */
  readonly written?: string;
  /** What the signature covers: the body by default. Without any, nothing is signed. */
  readonly signed?: string | undefined;
  /** `same`: the application answers as it does without a chain. */
  readonly expected: 'same' | 401 | 413 | 500 | { readonly answer: string };
  /** Where it can be asked. */
  readonly isFor?: (server: BodyServer) => boolean;
}

const STREAM = 'application/x-stream';
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

const onNode = ({ name }: BodyServer) => name.startsWith('node:');
/** Of HTTP/2, Node itself finds nothing any more. */
const onNodeHttp1 = (server: BodyServer) => onNode(server) && onHttp1(server);
const onHttp1 = ({ protocol }: BodyServer) => protocol !== 'h2';
const notFetch = ({ isFetch = false }: BodyServer) => !isFetch;
const onParsers = ({ name }: BodyServer) => /Express|Fastify/.test(name) || name.startsWith('node:');

const EVERY_BYTE = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
const REQUEST = 'GET /orders HTTP/1.1\r\nHost: localhost\r\n\r\n';
const UNICODE = Buffer.from('{"name":"Žofie – 日本"}').toString('latin1');
const UPLOAD = [
  '--limit',
  'Content-Disposition: form-data; name="file"; filename="a.bin"',
  'Content-Type: application/octet-stream',
  '',
  EVERY_BYTE,
  '--limit--',
  '',
].join('\r\n');

const latin1 = (bytes: Buffer) => bytes.toString('latin1');
const PLAIN = '{"event":"paid","amount":1200}';
const ZIPPED = latin1(gzipSync(PLAIN));

const sizes = [0, 1, 2, 16_384, 65_536, 65_537, LIMIT - 1, LIMIT];

const SIZE_ROWS: readonly BodyRow[] = sizes.flatMap((size) => {
  const body = 'a'.repeat(size);
  return [
    { rule: `${size} bytes, declared`, path: '/iterated', type: STREAM, body, expected: 'same' },
    { rule: `${size} bytes, in chunks`, path: '/events', type: STREAM, body, chunks: [10_000], expected: 'same' },
  ];
});

const WAYS: readonly BodyRow[] = ['/iterated', '/events', '/piped', '/readable', '/late-read', '/unread'].flatMap(
  (path) => [
    { rule: `read as ${path}`, path, type: STREAM, body: 'hello', expected: 'same' },
    { rule: `in chunks, read as ${path}`, path, type: STREAM, body: 'hello', chunks: [2, 3], expected: 'same' },
    { rule: `empty, read as ${path}`, path, type: STREAM, body: '', expected: 'same' },
  ],
);

const PARSED: readonly BodyRow[] = [
  { rule: 'JSON', path: '/json', type: JSON_TYPE, body: PLAIN, expected: 'same' },
  { rule: 'JSON in chunks', path: '/json', type: JSON_TYPE, body: PLAIN, chunks: [1, 7], expected: 'same' },
  { rule: 'JSON of many languages', path: '/json', type: JSON_TYPE, body: UNICODE, expected: 'same' },
  {
    rule: 'JSON of many bytes',
    path: '/json',
    type: JSON_TYPE,
    body: `["${'x'.repeat(150_000)}"]`,
    expected: 'same',
  },
  { rule: 'JSON that is none', path: '/json', type: JSON_TYPE, body: '{"half":', expected: 'same' },
  { rule: 'JSON of no bytes', path: '/json', type: JSON_TYPE, body: '', expected: 'same' },
  { rule: 'JSON under another name', path: '/json', type: 'application/octet-stream', body: PLAIN, expected: 'same' },
  {
    rule: 'JSON that is compressed: the bytes as sent are signed',
    path: '/json',
    type: JSON_TYPE,
    lines: ['Content-Encoding: gzip'],
    body: ZIPPED,
    expected: 'same',
  },
  {
    rule: 'JSON that is deflated',
    path: '/json',
    type: JSON_TYPE,
    lines: ['Content-Encoding: deflate'],
    body: latin1(deflateSync(PLAIN)),
    chunks: [11],
    expected: 'same',
  },
  {
    rule: 'JSON in brotli',
    path: '/json',
    type: JSON_TYPE,
    lines: ['Content-Encoding: br'],
    body: latin1(brotliCompressSync(PLAIN)),
    expected: 'same',
  },
  { rule: 'text', path: '/text', type: 'text/plain', body: 'hello', expected: 'same' },
  { rule: 'text in UTF-8', path: '/text', type: 'text/plain; charset=utf-8', body: UNICODE, expected: 'same' },
  { rule: 'text in ISO 8859-1', path: '/text', type: 'text/plain; charset=iso-8859-1', body: '\xe9', expected: 'same' },
  { rule: 'a form', path: '/form', type: FORM, body: 'a=1&b=%20c', expected: 'same' },
  { rule: 'an upload', path: '/upload', type: 'multipart/form-data; boundary=limit', body: UPLOAD, expected: 'same' },
  {
    rule: 'an upload in chunks',
    path: '/upload',
    type: 'multipart/form-data; boundary=limit',
    body: UPLOAD,
    chunks: [50],
    expected: 'same',
  },
  { rule: 'bytes', path: '/bytes', type: 'application/octet-stream', body: EVERY_BYTE, expected: 'same' },
];

const METHODS: readonly BodyRow[] = [
  ...['PUT', 'PATCH', 'DELETE', 'OPTIONS'].map(
    (method): BodyRow => ({
      rule: `${method} with a body`,
      path: '/iterated',
      method,
      type: STREAM,
      body: 'hello',
      expected: 'same',
    }),
  ),
  ...['GET', 'HEAD'].map(
    (method): BodyRow => ({
      rule: `${method} with a body`,
      path: '/iterated',
      method,
      type: STREAM,
      body: 'hello',
      expected: 'same',
      isFor: notFetch,
    }),
  ),
  ...['GET', 'HEAD', 'DELETE'].map(
    (method): BodyRow => ({
      rule: `${method} without a body, and without its length`,
      path: '/iterated',
      method,
      body: '',
      written: '',
      expected: 'same',
      ...(method === 'HEAD' && { isFor: notFetch }),
    }),
  ),
];

const BYTES: readonly BodyRow[] = [
  { rule: 'every byte', path: '/piped', type: STREAM, body: EVERY_BYTE, expected: 'same' },
  { rule: 'bytes that look like a request', path: '/iterated', type: STREAM, body: REQUEST, expected: 'same' },
  { rule: 'bytes that nobody reads', path: '/unread', type: STREAM, body: REQUEST, expected: 'same' },
  {
    rule: 'chunks with extensions and trailers [RFC 9112 7.1]',
    path: '/events',
    type: STREAM,
    body: 'hello',
    written: '2;x=1\r\nhe\r\n003\r\nllo\r\n0\r\nX-After: 1\r\n\r\n',
    expected: 'same',
    isFor: onHttp1,
  },
  {
    rule: 'one byte at a time',
    path: '/iterated',
    type: STREAM,
    body: EVERY_BYTE,
    chunks: Array.from({ length: 256 }, () => 1),
    expected: 'same',
  },
];

const REFUSED: readonly BodyRow[] = [
  { rule: 'another body than was signed', path: '/json', type: JSON_TYPE, body: PLAIN, signed: '{}', expected: 401 },
  { rule: 'a part of what was signed', path: '/iterated', body: 'hell', signed: 'hello', expected: 401 },
  { rule: 'more than was signed', path: '/iterated', body: 'hello!', signed: 'hello', expected: 401 },
  { rule: 'nothing where something was signed', path: '/iterated', body: '', signed: 'hello', expected: 401 },
  { rule: 'something where nothing was signed', path: '/iterated', body: 'hello', signed: '', expected: 401 },
  {
    rule: 'a signature of what was compressed',
    path: '/json',
    type: JSON_TYPE,
    lines: ['Content-Encoding: gzip'],
    body: ZIPPED,
    signed: PLAIN,
    expected: 401,
  },
  { rule: 'no signature', path: '/iterated', body: 'hello', signed: undefined, expected: 401 },
  {
    rule: 'no signature, and a body that is too large: it is not read',
    path: '/iterated',
    body: 'a'.repeat(LIMIT + 1),
    signed: undefined,
    expected: 401,
  },
  { rule: 'one byte too many, declared', path: '/iterated', body: 'a'.repeat(LIMIT + 1), expected: 413 },
  {
    rule: 'one byte too many, in chunks',
    path: '/iterated',
    body: 'a'.repeat(LIMIT + 1),
    chunks: [10_000],
    expected: 413,
  },
  { rule: 'ten times too many, declared', path: '/json', body: 'a'.repeat(10 * LIMIT), expected: 413 },
  {
    rule: 'ten times too many, in chunks',
    path: '/json',
    body: 'a'.repeat(10 * LIMIT),
    chunks: [65_536],
    expected: 413,
  },
];

const BEFORE: readonly BodyRow[] = [
  { rule: 'read before, and not kept', path: '/parsed-before', type: JSON_TYPE, body: PLAIN, expected: 500 },
  {
    rule: 'empty, behind a parser',
    path: '/parsed-before',
    method: 'GET',
    body: '',
    written: '',
    expected: 'same',
  },
  {
    rule: 'read before, and kept as bytes',
    path: '/kept-before',
    type: JSON_TYPE,
    body: PLAIN,
    expected: 'same',
    isFor: onParsers,
  },
  {
    rule: 'read before, and kept as other bytes',
    path: '/kept-before',
    type: JSON_TYPE,
    body: PLAIN,
    signed: '{}',
    expected: 401,
    isFor: onParsers,
  },
  { rule: 'read before, and kept as text', path: '/text-before', body: 'hello', expected: 500, isFor: onNode },
  { rule: 'to be decoded', path: '/decoded-before', body: 'hello', expected: 500, isFor: onNode },
  { rule: 'all of it there before', path: '/awaited-before', body: 'hello', expected: 'same', isFor: onNode },
  { rule: 'paused before', path: '/paused-before', body: 'hello', expected: 'same', isFor: onNodeHttp1 },
  {
    rule: 'that a plugin keeps as well',
    path: '/plugin',
    type: JSON_TYPE,
    body: PLAIN,
    expected: 'same',
    isFor: ({ name }) => name.startsWith('Fastify'),
  },
  {
    rule: 'nobody read, kept as bytes for the application',
    path: '/raw-body',
    type: STREAM,
    body: EVERY_BYTE,
    expected: { answer: 'raw 256 bytes 40aff2e9d2d8922e true' },
    isFor: notFetch,
  },
];

export const BODY_ROWS: readonly BodyRow[] = [
  ...SIZE_ROWS,
  ...WAYS,
  ...PARSED,
  ...METHODS,
  ...BYTES,
  ...REFUSED,
  ...BEFORE,
];
