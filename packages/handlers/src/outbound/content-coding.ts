/** Undoes a coding; throws when the bytes do not fit it, or are longer than the limit afterwards. */
type Undo = (bytes: Buffer, limit: { readonly maxOutputLength: number }) => Buffer;

/** Loading it takes as long as loading a whole handler, and few servers compress what nobody asked them to. */
const zlib = () => process.getBuiltinModule('node:zlib');

const CODINGS: ReadonlyMap<string, Undo> = new Map<string, Undo>([
  ['gzip', (bytes, limit) => zlib().gunzipSync(bytes, limit)],
  ['x-gzip', (bytes, limit) => zlib().gunzipSync(bytes, limit)],
  ['deflate', (bytes, limit) => (isZlibFormat(bytes) ? zlib().inflateSync : zlib().inflateRawSync)(bytes, limit)],
  ['br', (bytes, limit) => zlib().brotliDecompressSync(bytes, limit)],
]);

/** The codings of a body (RFC 9110 8.4.1), in lower case; "" where there is none. */
export function codingOf(contentEncoding: unknown): string {
  const codings = String(contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  return codings.filter((coding) => coding !== '' && coding !== 'identity').join(', ');
}

/** Whether `decoded` knows it. Several codings are too much: each one multiplies what a few bytes become. */
export function isKnownCoding(coding: string): boolean {
  return coding === '' || CODINGS.has(coding);
}

/** The body without its coding. Its length is bounded while it grows, so that a few bytes do not become many. */
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

/** Some servers leave the wrapper of zlib out, against RFC 9110 8.4.1.2; a raw stream never begins with its method. */
function isZlibFormat(bytes: Buffer): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === ZLIB_METHOD;
}
