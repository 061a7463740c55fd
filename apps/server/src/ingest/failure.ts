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

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? '');
}
