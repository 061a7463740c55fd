/** What may be typed as a name, and how it is written into a DN. */

/**
 * Directories take "ada", " ada" and "ａda" for one person; here they would be three accounts. Only the plain
 * spelling signs in.
 */
export function isPlainName(name: string): boolean {
  return name === name.normalize('NFKC') && /^[^\s\p{C}]+(?: [^\s\p{C}]+)*$/u.test(name);
}

/** Puts the name where the template says `{username}`, as one value whatever it holds (RFC 4514 §2.4). */
export function fillDn(template: string, username: string): string {
  const escaped = username.replace(/[^\p{L}\p{N}._@-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  return template.replaceAll('{username}', () => escaped);
}
