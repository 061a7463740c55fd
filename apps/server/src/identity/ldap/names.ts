/** Names in DNs: how they are written into one, and read out of one (RFC 4514). */

/** Puts the name where the template says `{username}`, as one value whatever it holds (RFC 4514 §2.4). */
export function fillDn(template: string, username: string): string {
  const escaped = username.replace(/[^\p{L}\p{N}._@-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  return template.replaceAll('{username}', () => escaped);
}

/** The value of the first attribute: `cn=Night shift,ou=groups,dc=example` is called `Night shift`. */
export function commonNameOf(dn: string): string {
  const [, value = ''] = /^[^=]*=((?:\\.|[^,+\\])*)/su.exec(dn) ?? [];
  const bytes = value.replace(/(?:\\[0-9a-f]{2})+/gi, (pairs) =>
    Buffer.from(pairs.replaceAll('\\', ''), 'hex').toString(),
  );
  return bytes.replace(/\\(.)/gsu, '$1').trim();
}

/** Spelled as directories compare: without regard to case or to blanks after commas. */
export function isBelow(dn: string, base: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/\s*,\s*/g, ',');
  return plain(dn).endsWith(`,${plain(base)}`);
}
