/** One HTTP request and its answer, as the tests of the API write and read them. */

export interface Call {
  readonly token?: string | undefined;
  /** Sent as JSON; `text` sends it as it is. */
  readonly json?: unknown;
  readonly text?: string | Uint8Array<ArrayBuffer> | undefined;
  /** null: none at all. */
  readonly label?: string | null;
  readonly headers?: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, or undefined when it is empty. */
  readonly json: unknown;
}

/** Redirects are not followed. */
export async function send(url: string, method: string, call: Call = {}): Promise<Answer> {
  const text = call.json === undefined ? call.text : JSON.stringify(call.json);
  const label = call.label === undefined && text !== undefined ? 'application/json' : call.label;
  // Bytes, because fetch labels a string as text/plain.
  const body = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const answer = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(call.token !== undefined && { authorization: `Bearer ${call.token}` }),
      ...(label && { 'content-type': label }),
      ...call.headers,
    },
    ...(body !== undefined && { body }),
  });
  const answered = await answer.text();
  const isJson = /^application\/(?:problem\+)?json/.test(answer.headers.get('content-type') ?? '');
  return {
    status: answer.status,
    headers: answer.headers,
    text: answered,
    json: isJson && answered !== '' ? JSON.parse(answered) : undefined,
  };
}
