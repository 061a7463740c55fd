import type { ErrorCode } from '@tocsin/contract';

/** A code of the server's error table, or `unreachable`: no answer, or an answer that is not the API's. */
export type FailureCode = ErrorCode | 'unreachable';

export class ApiFailure extends Error {
  readonly code: FailureCode;
  constructor(code: FailureCode, message: string) {
    super(message);
    this.name = 'ApiFailure';
    this.code = code;
  }
}

export function failureCode(error: unknown): FailureCode {
  return error instanceof ApiFailure ? error.code : 'internal';
}

/** Reads the problem+json (RFC 9457) of an answer that is not 2xx. A proxy's error page counts as unreachable. */
export async function toFailure(response: Response): Promise<ApiFailure> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
  if (!isProblem) return new ApiFailure('unreachable', `The server answered ${response.status}`);
  const problem = (await response.json()) as { code: ErrorCode; detail?: string };
  return new ApiFailure(problem.code, problem.detail ?? problem.code);
}
