/**
 * The address if it may be followed from a message or a notification: publishers are not trusted with `javascript:`
 * and its kin. The server keeps whatever they send, since the published phones open addresses of their own apps.
 */
export function safeLink(address: string | undefined): string | null {
  if (!address || !URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}
