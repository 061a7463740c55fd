/** What a failed statement means for the rows in it. */

/** PostgreSQL classes 22 (data exception) and 23 (constraint): this input can never be stored. */
export function isDataError(error: unknown): boolean {
  const code = codeOf(error);
  return /^2[23]/.test(code) || code === '54000';
}

const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '57P03',
  '53300',
  '25006',
]);

/** The statement certainly did not run: there was no connection to send it on. */
export function isNeverSent(error: unknown): boolean {
  return (
    NEVER_SENT.has(codeOf(error)) || /timeout exceeded when trying to connect/.test((error as Error).message)
  );
}

/** The database went away under a statement: class 08 and 57P of PostgreSQL, or the socket broke. Whether it ran is not known. */
export function isConnectionLost(error: unknown): boolean {
  return (
    /^(?:08|57P|ECONNRESET|EPIPE)/.test(codeOf(error)) ||
    /^Connection terminated/.test((error as Error).message)
  );
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? '');
}
