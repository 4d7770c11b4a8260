/**
 * The spellings in which a text may stand in the message of an error: as it is, as JSON escapes it, percent-encoded in
 * each way, in base64 and base64url at each offset, and its bytes in hex or as numbers.
 */
export function spellingsOf(text: string): readonly string[] {
  const texts = [text, text.normalize('NFC'), Buffer.from(text, 'latin1').toString()];
  return [...new Set(texts)].flatMap((each) => {
    const bytes = Buffer.from(each);
    const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
    const whole = bytes.toString();
    return [
      each,
      JSON.stringify(each).slice(1, -1),
      encodeURIComponent(whole),
      encodeURIComponent(whole).replaceAll('%20', '+'),
      encodeURI(whole),
      pairs.map((pair) => `%${pair}`).join(''),
      ...[0, 1, 2].flatMap((offset) => inBase64(bytes, offset)),
      ...['', ' ', ':'].map((between) => pairs.join(between)),
      ...[',', ', '].map((between) => [...bytes].join(between)),
    ];
  });
}

/** How bytes are spelled behind `offset` others, without the characters that the others have a part in. */
function inBase64(bytes: Buffer, offset: number): readonly string[] {
  const shared = offset === 0 ? 0 : offset + 1;
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .slice(shared);
  const isWhole = (offset + bytes.length) % 3 === 0;
  const inner = isWhole ? text : text.replace(/.=*$/, '');
  return [...new Set(offset === 0 ? [text, inner] : [inner])].flatMap((each) => [
    each,
    each.replaceAll('+', '-').replaceAll('/', '_'),
  ]);
}
