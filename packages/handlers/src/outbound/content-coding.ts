/** Undoes a coding. Throws when the bytes are broken or when the result is longer than the limit. */
type Undo = (bytes: Buffer, limit: { readonly maxOutputLength: number }) => Buffer;

/**
 * Loaded on first use. Loading it takes as long as loading a whole handler, and few servers compress without being
 * asked.
 */
const zlib = () => process.getBuiltinModule('node:zlib');

const CODINGS: ReadonlyMap<string, Undo> = new Map<string, Undo>([
  ['gzip', (bytes, limit) => zlib().gunzipSync(bytes, limit)],
  ['x-gzip', (bytes, limit) => zlib().gunzipSync(bytes, limit)],
  ['deflate', (bytes, limit) => (isZlibFormat(bytes) ? zlib().inflateSync : zlib().inflateRawSync)(bytes, limit)],
  ['br', (bytes, limit) => zlib().brotliDecompressSync(bytes, limit)],
]);

/** The codings of a body (RFC 9110 8.4.1), in lower case; "" where there is none. */
export function codingOf(contentEncoding: unknown): string {
  if (contentEncoding === undefined) return '';
  const codings = String(contentEncoding)
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  return codings.filter((coding) => coding !== '' && coding !== 'identity').join(', ');
}

/**
 * Whether `decoded` can undo this coding. A list of several codings is refused: each would let a few bytes grow again.
 */
export function isKnownCoding(coding: string): boolean {
  return coding === '' || CODINGS.has(coding);
}

/** The body without its coding. The limit holds while it grows, so a few bytes cannot become many. */
export function decoded(bytes: Buffer, coding: string, maxBytes: number): Buffer | 'too_long' | 'broken' {
  const undo = CODINGS.get(coding);
  if (undo === undefined) return bytes;
  try {
    return undo(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    return (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE' ? 'too_long' : 'broken';
  }
}

const ZLIB_METHOD = 8;

/**
 * Whether the zlib wrapper is there. Some servers send `deflate` without it, against RFC 9110 8.4.1.2. A raw stream
 * never begins with these four bits.
 */
function isZlibFormat(bytes: Buffer): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === ZLIB_METHOD;
}
