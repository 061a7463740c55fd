/**
 * Other servers take "ada", " ada" and "ａda" for one person; here they would be three accounts. Only the plain
 * spelling signs in.
 */
export function isPlainName(name: string): boolean {
  return name === name.normalize('NFKC') && /^[^\s\p{C}]+(?: [^\s\p{C}]+)*$/u.test(name);
}
